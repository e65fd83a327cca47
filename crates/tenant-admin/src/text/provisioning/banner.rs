//! The banner: state first, then number, then time.

use domain::choices::People;
use domain::health::text::number;
use domain::health::{ConnectionState, Quarantine, QuarantineReason, Side};
use domain::job::JobState;
use domain::provider::Provider;
use domain::timestamp::Timestamp;
use domain::who::Mark;

use super::{both, ending, people, quoted, who};
use crate::lists::several;
use crate::pages::provisioning::banner::Banner;
use crate::pages::provisioning::connection::Connection;
use crate::parts::{Icon, Pill, Tone};
use crate::prose::Prose;
use crate::when::{Span, When, clock, clock_and_day, day};

/// After this many seconds of waiting the usual causes are told.
const PATIENCE_SECONDS: i64 = 600;

/// Where the banner's button and links lead.
pub struct Hrefs {
    pub page: String,
    pub guide: String,
    pub failures: String,
    pub new_token: String,
    pub resume: String,
    pub vendor: String,
}

/// The state in one word.
pub fn pill(connection: &Connection) -> Pill {
    let state = connection.state();
    let (tone, icon) = look(state);
    let word = match state {
        ConnectionState::Off if connection.shown_job().is_some_and(domain::job::Job::is_running) => {
            "Off, disabling people"
        }
        ConnectionState::Refused if connection.health.refused.is_none() => "No live token",
        ConnectionState::QuarantineLikely if connection.health.is_quarantined() => "Quarantine",
        other => other.title(),
    };
    Pill::new(tone, icon, word)
}

const fn look(state: ConnectionState) -> (Tone, Icon) {
    match state {
        ConnectionState::OffNever | ConnectionState::Off => (Tone::Idle, Icon::Off),
        ConnectionState::Waiting => (Tone::Info, Icon::Wait),
        ConnectionState::Tested | ConnectionState::Healthy => (Tone::Ok, Icon::Ok),
        ConnectionState::FirstSync => (Tone::Info, Icon::Run),
        ConnectionState::Quiet => (Tone::Warn, Icon::Wait),
        ConnectionState::Degraded | ConnectionState::TokenExpiring => (Tone::Warn, Icon::Warn),
        ConnectionState::QuarantineLikely | ConnectionState::Refused | ConnectionState::Suspended => {
            (Tone::Bad, Icon::Bad)
        }
        ConnectionState::Paused => (Tone::Idle, Icon::Pause),
        ConnectionState::Rotating => (Tone::Info, Icon::Key),
        ConnectionState::Unknown => (Tone::Idle, Icon::Open),
    }
}

/// What the page says of the connection.
pub fn banner(connection: &Connection, to: &Hrefs) -> Banner {
    let (tone, icon) = look(connection.state());
    let at = Say { connection, to, tone, icon };
    match connection.state() {
        ConnectionState::OffNever => at.off_never(),
        ConnectionState::Off => at.off(),
        ConnectionState::Waiting => at.waiting(),
        ConnectionState::Tested => at.tested(),
        ConnectionState::FirstSync => at.first_sync(),
        ConnectionState::Healthy => at.healthy(),
        ConnectionState::Quiet => at.quiet(),
        ConnectionState::Degraded => at.degraded(),
        ConnectionState::QuarantineLikely => at.quarantine(),
        ConnectionState::Paused => at.paused(),
        ConnectionState::TokenExpiring => at.expiring(),
        ConnectionState::Refused => at.refused(),
        ConnectionState::Rotating => at.rotating(),
        ConnectionState::Suspended => at.suspended(),
        ConnectionState::Unknown => at.unknown(),
    }
}

struct Say<'c> {
    connection: &'c Connection,
    to: &'c Hrefs,
    tone: Tone,
    icon: Icon,
}

impl Say<'_> {
    fn banner(&self, title: impl Into<String>, line: Prose) -> Banner {
        Banner::new(self.tone, self.icon, title, line)
    }

    fn when(&self, moment: Timestamp) -> When {
        When::new(moment, self.connection.now)
    }

    fn ago(&self, moment: Timestamp) -> Span {
        Span(seconds(moment, self.connection.now))
    }

    fn off_never(&self) -> Banner {
        let vendor = &self.to.vendor;
        self.banner("Off", Prose::new(format!("Nothing is connected yet. People are added by hand in {vendor}.")))
    }

    fn off(&self) -> Banner {
        let (title, line) = (self.since("Off"), self.kept());
        let banner = self.banner(title, line);
        match self.connection.shown_job() {
            Some(job) if job.is_running() => {
                let done = Prose::new(format!("{} of {} done so far.", number(job.done), number(job.total)));
                banner.line(done.text(" Turning provisioning on again stops it."))
            }
            Some(job) if job.failed > 0 => {
                banner.line(Prose::new(format!("{} could not be disabled; the audit names them.", people(job.failed))))
            }
            _ => banner,
        }
    }

    /// What became of people.
    fn kept(&self) -> Prose {
        let idp = self.connection.idp.start;
        let links = format!("Turning it on again keeps the links to {}.", self.connection.idp.name);
        let Some(off) = self.connection.tenant.choices.off else {
            return Prose::new(format!("{idp} is refused. Tokens and people stay. {links}"));
        };
        let count = off.count;
        match (off.people, self.connection.shown_job()) {
            (People::Deactivate, Some(job)) if job.is_running() => {
                Prose::new(format!("{} being disabled.", of(job.total, "is", "are")))
            }
            (People::Deactivate, Some(job)) if job.state == JobState::Done => {
                Prose::new(format!("{} disabled. {links}", of(job.done, "was", "were")))
            }
            (People::Deactivate, _) => Prose::new(format!("Nobody was active. {links}")),
            (People::Keep, _) => Prose::new(format!(
                "{} kept as they are: {} active, {} disabled. {links}",
                of(count.all(), "was", "were"),
                number(count.active),
                number(count.inactive)
            )),
        }
    }

    fn waiting(&self) -> Banner {
        let idp = self.connection.idp;
        let title = match self.connection.provider {
            Provider::Other => "Waiting for the first request".to_owned(),
            _ => format!("Waiting for {}’s {}", idp.name, idp.test),
        };
        let since = self.connection.health.since.unwrap_or(self.connection.now);
        let listening = Prose::new(format!("Listening since {}. ", clock(since)));
        if let Some(refused) = self.connection.health.refused {
            let line = listening
                .text(format!("{} came {}, and was not let in: ", idp.start, times(refused.count)))
                .text(format!("{}. ", bare(refused.cause.title())))
                .text(job_sentence(refused.cause));
            return Banner { tone: Tone::Warn, icon: Icon::Warn, ..self.banner(title, line) };
        }
        if seconds(since, self.connection.now) < PATIENCE_SECONDS {
            let line = listening.text("This line changes by itself; you do not need to reload.");
            return self.banner(title, line).go(&self.to.guide, "Open the guide");
        }
        let line = listening.text(format!("Nothing has arrived for {}. Look at these first:", self.ago(since)));
        self.banner(title, line)
            .hint(Prose::marked(&format!(
                "*{}* holds the address below as it is, without a space or /Users at its end.",
                idp.url_field
            )))
            .hint(Prose::marked(&format!("*{}* holds the whole token. Paste it again.", idp.token_field)))
            .hint(Prose::marked(&format!("*{}* was pressed, and what it answered.", idp.test)))
            .go(&self.to.guide, "Check the guide")
    }

    fn tested(&self) -> Banner {
        let idp = self.connection.idp;
        let at = self.connection.health.since.unwrap_or(self.connection.now);
        let title = match self.connection.provider {
            Provider::Other => "The first request succeeded".to_owned(),
            _ => format!("{} succeeded", idp.test),
        };
        let next = match self.connection.provider {
            Provider::Entra => "Next: set *Provisioning Status* to *On* in Entra.",
            Provider::Okta => "Next: assign people to the app in Okta.",
            Provider::Other => "Next: let it send a first person.",
        };
        let line = Prose::new(format!("At {}. ", clock(at)));
        self.banner(title, line).line(Prose::marked(next)).go(&self.to.guide, "Open the guide")
    }

    fn first_sync(&self) -> Banner {
        let Some(cycle) = self.connection.health.last_cycle else { return self.healthy() };
        let title = format!(
            "First sync running: {}, {}",
            several(cycle.people, "user", "users"),
            several(cycle.groups, "group", "groups")
        );
        let line = Prose::new("Started ")
            .when(self.when(cycle.from))
            .text(". ")
            .text(format!("{} does not say how many are to come: ", self.connection.idp.start))
            .text("the sync is over when nothing has come for 5 minutes. You can leave this page.".to_owned());
        self.banner(title, line).spinning()
    }

    fn healthy(&self) -> Banner {
        let health = &self.connection.health;
        let Some(cycle) = health.last_cycle else {
            return self.banner("Healthy", Prose::new("Nothing has failed."));
        };
        let mut line = Prose::new("Last cycle ").when(self.when(cycle.to)).text(format!(
            ": {}, {}.",
            several(cycle.changes, "change", "changes"),
            failures(cycle.failures)
        ));
        if let Some(next) = health.next_expected {
            line = line.text(format!(" Next expected about {}.", clock_and_day(next, self.connection.now)));
        }
        self.banner("Healthy", line)
    }

    fn quiet(&self) -> Banner {
        let health = &self.connection.health;
        let idp = self.connection.idp;
        let silence = health.last_call.map_or_else(|| "a while".to_owned(), |last| self.ago(last).to_string());
        let line = Prose::new(format!(
            "Usual causes: provisioning was stopped in {}, it has slowed down, or a network block. Nobody has lost access.",
            idp.name
        ));
        self.banner(format!("Quiet: nothing from {} for {silence}", idp.name), line)
            .go(&self.to.guide, "Check the guide")
    }

    fn degraded(&self) -> Banner {
        let health = &self.connection.health;
        if let Some(refused) = health.refused {
            let title = format!("Degraded: {} was refused {}", self.connection.idp.name, times(refused.count));
            return self.banner(title, why(refused.cause)).go(&self.to.new_token, "Create token");
        }
        let causes = match health.causes.len() {
            1 => "The cause is below".to_owned(),
            count => format!("The {count} most common causes are below"),
        };
        let line = format!(
            "{causes}. {} affected; everyone else is up to date, and nobody has lost access.",
            affected(health.affected)
        );
        self.banner(format!("Degraded: {}", health.failures_sentence()), Prose::new(line))
            .go(&self.to.failures, "Open failing changes")
    }

    fn quarantine(&self) -> Banner {
        let Some(forecast) = self.connection.health.forecast else { return self.degraded() };
        let title = match forecast.quarantine {
            Quarantine::Since(_) => "Quarantine: Entra comes once a day",
            Quarantine::Expected(_) => "Quarantine likely",
        };
        let banner = self.banner(title, Prose::new(forecast.sentence(self.connection.now)));
        let banner = banner.line(Prose::new(forecast.consequence()));
        match (forecast.reason, self.connection.health.refused) {
            (QuarantineReason::Credentials, Some(refused)) => {
                banner.line(why(refused.cause)).go(&self.to.new_token, "Create token")
            }
            _ => banner.go(&self.to.failures, "Open failing changes"),
        }
    }

    fn paused(&self) -> Banner {
        let line = format!("{} is asked to come back later. No change is lost.", self.connection.idp.start);
        self.banner(self.since("Paused"), Prose::new(line)).send(&self.to.resume, "Resume")
    }

    fn expiring(&self) -> Banner {
        let Some(expiring) = self.connection.health.expiring.first() else { return self.healthy() };
        let left = Span(seconds(self.connection.now, expiring.at));
        let slot = &expiring.slot;
        let noun = if slot.is_of_client { "secret" } else { "token" };
        let title = match (slot.is_of_client, slot.label.is_empty()) {
            (true, false) => format!("Secret of {} expires in {left}", quoted(&slot.label)),
            (false, false) => format!("Token {} expires in {left}", quoted(&slot.label)),
            (_, true) => format!("The {noun} {} expires in {left}", ending(slot)),
        };
        let line = format!(
            "On {}, {}. Create a second {noun}, paste it in {}, then revoke this one.",
            day(expiring.at),
            clock(expiring.at),
            self.connection.idp.name
        );
        let banner = self.banner(title, Prose::new(line));
        match slot.is_of_client {
            true => banner.go(format!("{}#clients", self.to.page), "See the client"),
            false => banner.go(&self.to.new_token, "Create second token"),
        }
    }

    fn refused(&self) -> Banner {
        let idp = self.connection.idp;
        let banner = match self.connection.health.refused {
            Some(refused) => {
                let title = format!("{} is being refused since {}", idp.start, clock(refused.since));
                let line = Prose::new(format!("{}, the last ", several(refused.count, "request", "requests")))
                    .when(self.when(refused.last))
                    .text(format!(". {}. ", bare(refused.cause.title())))
                    .text(job_sentence(refused.cause));
                self.banner(title, line)
            }
            None => self.banner(
                "No token is live",
                Prose::new(format!(
                    "All are revoked or have expired, so {} cannot come in. Nobody has lost access.",
                    idp.name
                )),
            ),
        };
        banner.go(&self.to.new_token, "Create token")
    }

    fn rotating(&self) -> Banner {
        let Some(rotation) = &self.connection.health.rotation else { return self.healthy() };
        let [old, new] = both(rotation);
        let idp = self.connection.idp.start;
        let two = if rotation.new.is_of_client { "two secrets are live" } else { "two tokens are live" };
        let (title, line) = match rotation.used_last {
            Some(Side::New) => {
                let at = rotation.new.last_used.unwrap_or(self.connection.now);
                let line = Prose::new(format!("{idp} uses {new}, last ")).when(self.when(at));
                (format!("Rotating: {idp} has switched to {new}"), line.text(format!(". You can revoke {old}.")))
            }
            Some(Side::Old) => {
                let at = rotation.old.last_used.unwrap_or(self.connection.now);
                let line = Prose::new(format!("{idp} still used {old} ")).when(self.when(at));
                let next = format!(". Paste {new} in {}; this line changes when it arrives.", self.connection.idp.name);
                (format!("Rotating: {two}"), line.text(next))
            }
            None => (format!("Rotating: {two}"), Prose::new(format!("{idp} has used neither {old} nor {new} yet."))),
        };
        self.banner(title, line)
    }

    fn suspended(&self) -> Banner {
        let vendor = &self.to.vendor;
        let line = format!(
            "Requests are refused until {vendor} ends the suspension. People, groups and tokens stay. Ask {vendor} support."
        );
        self.banner(format!("Suspended by {vendor}"), Prose::new(line))
    }

    fn unknown(&self) -> Banner {
        let line = "Provisioning itself is not affected. What it does now shows here again shortly.";
        self.banner("Status temporarily unavailable", Prose::new(line)).go(&self.to.page, "Retry")
    }

    /// "Paused since 13:50 UTC by Ana Kovač", with the day when it is not today.
    fn since(&self, word: &str) -> String {
        let Some(Mark { at, by }) = &self.connection.tenant.choices.switched else { return word.to_owned() };
        let is_today = day(*at) == day(self.connection.now);
        let at = if is_today { clock(*at) } else { day(*at) };
        format!("{word} since {at} by {}", who(by, &self.to.vendor))
    }
}

pub fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_micros() - from.as_micros()).max(0) / 1_000_000
}

fn failures(count: u64) -> String {
    match count {
        0 => "no failures".to_owned(),
        count => several(count, "failure", "failures"),
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{} times", number(count)),
    }
}

/// So many people, and the verb for them.
fn of(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", people(count), if count == 1 { one } else { many })
}

fn affected(count: u64) -> String {
    match count {
        1 => "1 person or group is".to_owned(),
        count => format!("{} people and groups are", number(count)),
    }
}

/// A cause's title without the word that says what became of the request.
pub fn bare(title: &str) -> String {
    let bare = title.split_once(": ").map_or(title, |(_, rest)| rest);
    bare.chars().take(1).flat_map(char::to_uppercase).chain(bare.chars().skip(1)).collect()
}

/// Why somebody was refused, and whose job it is.
fn why(cause: domain::catalogue::Cause) -> Prose {
    Prose::new(format!("{}. ", bare(cause.title()))).text(job_sentence(cause))
}

/// "Yours: …"
pub fn job_sentence(cause: domain::catalogue::Cause) -> String {
    format!("{}: {}", cause.whose().words(), cause.what_to_do())
}
