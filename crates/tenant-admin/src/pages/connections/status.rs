//! How far a connection is and what comes next: the part of its page that moves by itself.

use actix_web::HttpResponse;
use askama::Template;
use domain::admin::Right;
use domain::connection::{Connection, Stage, Switch};

use super::enforcement::{self, Condition};
use super::{asked, href, may_switch, open_tests, standing};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::lists::Note;
use crate::pages::provisioning::part;
use crate::parts::{Icon, Tone};
use crate::text::sign_on as words;
use crate::text::sign_on::standing::{self as standing_words, Banner};

struct Step {
    word: &'static str,
    is_done: bool,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "connections/status.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the template asks, each on its own")]
pub struct Status {
    href: String,
    name: String,
    csrf: String,
    /// The version that the rest of the page shows, to which all that is done here belongs.
    seen: i64,
    /// Said where somebody has changed it since.
    outdated: Option<Note>,
    steps: Vec<Step>,
    banner: Banner,
    may: bool,
    can_test: bool,
    can_activate: bool,
    is_open: bool,
    can_enforce: bool,
    /// What has to be there before it can be required.
    conditions: Vec<Condition>,
    is_ready: bool,
    is_enforced: bool,
    may_relax: bool,
}

impl Status {
    /// `seen`: the version of the connection that the rest of the page shows.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn of(call: &AdminCall, connection: &Connection, seen: i64) -> Result<Self, PageError> {
        let standing = standing(call, connection, &open_tests(call).await?).await?;
        let conditions = enforcement::conditions(call, connection).await?;
        let is_outdated = seen != connection.version;
        let may = call.may(Right::Configure) && !is_outdated;
        Ok(Self {
            href: href(call, connection.id),
            name: connection.name.clone(),
            csrf: call.caller.csrf.clone(),
            seen,
            outdated: is_outdated.then(|| {
                let text = words::changed_by(&connection.changed);
                Note::new(Tone::Warn, Icon::Warn, text).step(href(call, connection.id), words::LOAD_AGAIN)
            }),
            steps: steps(connection.stage()),
            banner: standing_words::banner(standing, connection, call.cx.now),
            may,
            can_test: may && connection.is_complete(),
            can_activate: may && connection.switch == Switch::Off && connection.is_tested(),
            is_open: connection.is_open(),
            can_enforce: connection.switch == Switch::Active,
            is_ready: conditions.iter().all(|condition| condition.is_met),
            conditions,
            is_enforced: connection.switch == Switch::Enforced,
            may_relax: may_switch(call, connection),
        })
    }
}

/// `GET /settings/user-authentication/sso/{id}/status`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let connection = asked(&call).await?;
    let seen = call.query.text("seen").parse().unwrap_or(connection.version);
    part(&call, &Status::of(&call, &connection, seen).await?)
}

fn steps(stage: Stage) -> Vec<Step> {
    let reached = match stage {
        Stage::Draft | Stage::TestFailed => 0,
        Stage::Tested | Stage::Disabled => 1,
        Stage::Active => 2,
        Stage::Enforced => 3,
    };
    let words = ["Draft", "Tested", "Active", "Enforced"];
    let step = |(index, word)| Step { word, is_done: index <= reached, is_current: index == reached };
    words.into_iter().enumerate().map(step).collect()
}
