//! The link doctor: whether single sign-on and provisioning would meet at a person, and if not, why.

use super::{Connection, IdentityClaim};
use crate::directory::StoredResource;
use crate::timestamp::Timestamp;

/// What is known beside the person and the connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// When this connection last let the person in.
    pub signed_in: Option<Timestamp>,
    /// How many people have the same `externalId`, this one included.
    pub of_this_external_id: u64,
    /// Somebody of the person's user name or address whom the directory did not know.
    pub stranger: Option<Stranger>,
}

/// A sign-in that met nobody, though it bears a person's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    pub at: Timestamp,
    /// What the identity provider said they are.
    pub key: String,
}

/// One thing about the link, good or bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// They met.
    SignedIn(Timestamp),
    /// They would meet, as far as one can tell before the first sign-in.
    Fits,
    /// Provisioning has sent no `externalId`.
    NoExternalId,
    /// The `externalId` is no object id, which single sign-on will say.
    NotAnObjectId(String),
    /// Several people have it.
    Shared(u64),
    /// The identity provider said something else of somebody with this name.
    Differs(Stranger),
    /// Whoever is not active cannot sign in.
    Inactive,
}

/// What the doctor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The person has signed in by it.
    Meets,
    /// Nothing speaks against it.
    WouldMeet,
    /// They would meet but for something that keeps the person out.
    KeptOut,
    WouldNotMeet,
}

/// Examines a person's link by a connection.
pub fn examine(person: &StoredResource, connection: &Connection, evidence: &Evidence) -> (Verdict, Vec<Finding>) {
    let external = person.resource.text("externalId").filter(|text| !text.is_empty());
    let mut findings = Vec::new();
    let wants_object_id = connection.rules.identity == IdentityClaim::ObjectId;
    match external {
        None => findings.push(Finding::NoExternalId),
        Some(text) if wants_object_id && uuid::Uuid::try_parse(text).is_err() => {
            findings.push(Finding::NotAnObjectId(text.to_owned()));
        }
        Some(_) if evidence.of_this_external_id > 1 => findings.push(Finding::Shared(evidence.of_this_external_id)),
        Some(text) => {
            let differs = evidence.stranger.clone().filter(|stranger| stranger.key != text);
            findings.extend(differs.filter(|it| evidence.signed_in.is_none_or(|at| at < it.at)).map(Finding::Differs));
        }
    }
    let meets = findings.is_empty();
    if meets {
        findings.push(evidence.signed_in.map_or(Finding::Fits, Finding::SignedIn));
    }
    let is_active = person.is_active();
    if !is_active {
        findings.push(Finding::Inactive);
    }
    let verdict = match (meets, is_active, evidence.signed_in) {
        (false, ..) => Verdict::WouldNotMeet,
        (true, false, _) => Verdict::KeptOut,
        (true, true, Some(_)) => Verdict::Meets,
        (true, true, None) => Verdict::WouldMeet,
    };
    (verdict, findings)
}
