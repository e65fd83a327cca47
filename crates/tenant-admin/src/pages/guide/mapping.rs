//! The attributes that are expected, and whether each has arrived.

use domain::health::{Evidence, ExternalIds};
use domain::provider::Provider;

use crate::parts::{Icon, Tone, Word};
use crate::text::guide as words;

/// An attribute with where it comes from.
pub struct Row {
    pub attribute: &'static str,
    pub source: &'static str,
    pub remark: &'static str,
    pub arrived: Word,
}

/// The attribute that single sign-on finds people by.
const EXTERNAL_ID: &str = "externalId";

pub fn rows(provider: Provider, evidence: &Evidence) -> Vec<Row> {
    words::mapping(provider)
        .iter()
        .map(|(attribute, source, remark)| Row {
            attribute,
            source,
            remark,
            arrived: arrived(attribute, provider, evidence),
        })
        .collect()
}

fn arrived(attribute: &str, provider: Provider, evidence: &Evidence) -> Word {
    let is_there = evidence.attributes.iter().any(|name| name.eq_ignore_ascii_case(attribute));
    match (is_there, evidence.external_ids) {
        (true, Some(ExternalIds::Others)) if attribute == EXTERNAL_ID && provider == Provider::Entra => {
            Word::new(Tone::Warn, Icon::Warn, "Not an object id")
        }
        (true, _) => Word::new(Tone::Ok, Icon::Ok, "Arrived"),
        (false, _) => Word::new(Tone::Idle, Icon::Open, "Not yet"),
    }
}
