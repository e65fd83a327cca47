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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::Switch;
    use super::super::sample::{NOW, connection, person};
    use super::*;

    const OBJECT_ID: &str = "0b5d9c3a-1e2f-4a6b-8c7d-9e0f1a2b3c4d";

    fn by(identity: IdentityClaim) -> Connection {
        let mut connection = connection(1, Switch::Active);
        connection.rules.identity = identity;
        connection
    }

    fn evidence(of_this_external_id: u64) -> Evidence {
        Evidence { of_this_external_id, ..Evidence::default() }
    }

    fn stranger(seconds: i64, key: &str) -> Stranger {
        Stranger { at: NOW.plus_seconds(seconds), key: key.to_owned() }
    }

    #[test]
    fn what_provisioning_sent_is_held_against_what_single_sign_on_will_say() {
        use Finding::{Fits, NoExternalId, NotAnObjectId, Shared};
        let (object_id, name_id) = (by(IdentityClaim::ObjectId), by(IdentityClaim::NameId));
        let not_an_id = || NotAnObjectId("nick".to_owned());
        for (external, connection, people, finding) in [
            (Value::Null, &object_id, 0, NoExternalId),
            (json!(""), &name_id, 0, NoExternalId),
            (json!("nick"), &object_id, 1, not_an_id()),
            (json!("nick"), &object_id, 2, not_an_id()),
            (json!("nick"), &name_id, 1, Fits),
            (json!("nick"), &name_id, 2, Shared(2)),
            (json!(OBJECT_ID), &object_id, 1, Fits),
            (json!(OBJECT_ID), &object_id, 3, Shared(3)),
        ] {
            let verdict = if finding == Fits { Verdict::WouldMeet } else { Verdict::WouldNotMeet };
            let person = person(json!({"userName": "ada", "externalId": external}));
            assert_eq!(examine(&person, connection, &evidence(people)), (verdict, vec![finding]), "{external}");
        }
    }

    #[test]
    fn somebody_inactive_is_kept_out_whatever_else_there_is() {
        let connection = by(IdentityClaim::ObjectId);
        let fits = person(json!({"externalId": OBJECT_ID, "active": false}));
        let found = examine(&fits, &connection, &evidence(1));
        assert_eq!(found, (Verdict::KeptOut, vec![Finding::Fits, Finding::Inactive]));
        let signed_in = Evidence { signed_in: Some(NOW), ..evidence(1) };
        let found = examine(&fits, &connection, &signed_in);
        assert_eq!(found, (Verdict::KeptOut, vec![Finding::SignedIn(NOW), Finding::Inactive]));
        let without = person(json!({"active": false}));
        let found = examine(&without, &connection, &evidence(0));
        assert_eq!(found, (Verdict::WouldNotMeet, vec![Finding::NoExternalId, Finding::Inactive]));
    }

    #[test]
    fn a_stranger_counts_until_the_person_has_signed_in() {
        let (connection, ada) = (by(IdentityClaim::Subject), person(json!({"externalId": "ada"})));
        let examined = |signed_in: Option<i64>, stranger: Option<Stranger>| {
            let signed_in = signed_in.map(|seconds| NOW.plus_seconds(seconds));
            examine(&ada, &connection, &Evidence { signed_in, stranger, ..evidence(1) })
        };
        let differs = |it: Stranger| (Verdict::WouldNotMeet, vec![Finding::Differs(it)]);
        let meets = |seconds| (Verdict::Meets, vec![Finding::SignedIn(NOW.plus_seconds(seconds))]);
        assert_eq!(examined(None, Some(stranger(0, "other"))), differs(stranger(0, "other")));
        assert_eq!(examined(Some(5), Some(stranger(9, "other"))), differs(stranger(9, "other")));
        assert_eq!(examined(Some(9), Some(stranger(5, "other"))), meets(9));
        assert_eq!(examined(Some(5), Some(stranger(5, "other"))), meets(5));
        assert_eq!(examined(None, Some(stranger(0, "ada"))), (Verdict::WouldMeet, vec![Finding::Fits]));
        assert_eq!(examined(Some(5), None), meets(5));
    }
}
