//! S10: what admins, support and the service itself did, and on demand what the identity provider did.

pub mod detail;
pub mod export;
pub mod show;

use domain::audit::{AuditFilter, By, Topic};
use domain::timestamp::Timestamp;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::frame::Tab;
use crate::lists::address;
use crate::moment;

/// Rows of a page.
const PAGE: usize = 50;

/// What the address of the log asks for, as it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Asked {
    text: String,
    by: String,
    topic: String,
    subject: String,
    actor: String,
    from: String,
    to: String,
}

impl Asked {
    fn read(query: &Form) -> Self {
        let text = |name: &str| query.text(name).to_owned();
        Self {
            text: text("q"),
            by: By::named(query.text("by")).filter(|by| *by != By::default()).map_or("", By::as_str).to_owned(),
            topic: Topic::named(query.text("about")).map_or("", Topic::as_str).to_owned(),
            subject: text("subject"),
            actor: text("actor"),
            from: text("from"),
            to: text("to"),
        }
    }

    fn by(&self) -> By {
        By::named(&self.by).unwrap_or_default()
    }

    fn topic(&self) -> Option<Topic> {
        Topic::named(&self.topic)
    }

    /// Whether it asks for anything but the newest entries.
    fn is_narrow(&self) -> bool {
        *self != Self::default()
    }

    /// The filter, with everybody who goes by the text now.
    async fn filter(&self, call: &AdminCall) -> Result<AuditFilter, PageError> {
        let text = match self.text.as_str() {
            "" => None,
            text => {
                let sought = call.admin.audit.sought(&call.cx.scope, text).await?;
                let folded = text.to_lowercase();
                let admins = call.admin.people.known(&call.cx.scope).await?;
                let named = admins.into_iter().filter(|admin| {
                    admin.name.to_lowercase().contains(&folded) || admin.email.as_str().to_lowercase().contains(&folded)
                });
                Some(sought.or_about(named.map(|admin| admin.id.0)))
            }
        };
        Ok(AuditFilter {
            by: self.by(),
            actor: Some(self.actor.clone()).filter(|actor| !actor.is_empty()),
            topic: self.topic(),
            what: None,
            subject: self.subject.parse().ok(),
            from: self.from(),
            to: self.to(),
            text,
        })
    }

    fn from(&self) -> Option<Timestamp> {
        moment::day(&self.from)
    }

    fn to(&self) -> Option<Timestamp> {
        moment::day_end(&self.to)
    }

    /// The address of what is asked for below a path, with more in its query.
    fn href(&self, path: &str, more: &[(&str, &str)]) -> String {
        let query = [
            ("q", self.text.as_str()),
            ("by", &self.by),
            ("about", &self.topic),
            ("subject", &self.subject),
            ("actor", &self.actor),
            ("from", &self.from),
            ("to", &self.to),
        ];
        address(path, query.into_iter().chain(more.iter().copied()))
    }
}

fn path(call: &AdminCall) -> String {
    call.href(Tab::Audit.path())
}
