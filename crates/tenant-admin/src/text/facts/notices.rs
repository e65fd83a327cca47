//! Sentences about what people were told by mail.

use domain::notice::Reason;
use serde_json::Value;

use super::Entry;

pub(super) fn sentence(entry: &Entry) -> String {
    let reason = entry.after("of").and_then(Value::as_str).and_then(Reason::named);
    let what = match reason {
        Some(Reason::Degraded) => "changes are failing",
        Some(Reason::QuarantineLikely) => "Entra slows down",
        Some(Reason::Refused) => "no token is good any more",
        Some(Reason::Quiet) => "nothing has come for a day",
        Some(Reason::Expiring(..)) => "a token ends soon",
        Some(Reason::CertificateEnds(..)) => "a certificate ends soon",
        None => "all is well again",
    };
    let addresses = match entry.after("addresses").and_then(Value::as_u64) {
        Some(1) => "1 address".to_owned(),
        Some(many) => format!("{many} addresses"),
        None => "the notification addresses".to_owned(),
    };
    format!("Mailed {addresses}: {what}")
}
