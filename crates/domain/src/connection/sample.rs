//! Connections and people for tests.

use serde_json::Value;
use uuid::Uuid;

use super::oidc::{OidcFound, OidcSetup};
use super::{Connection, IdentityClaim, Reading, Rules, Setup, Switch};
use crate::directory::{Kind, StoredResource};
use crate::ids::{ConnectionId, ResourceId};
use crate::timestamp::Timestamp;
use crate::who::{Mark, Who};
use scim_protocol::resource::Resource;

pub const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// A connection that knows its provider and was never tested.
pub fn connection(number: u128, switch: Switch) -> Connection {
    let found = Some(OidcFound { discovery: String::new(), keys: String::new() });
    let (issuer, client_id) = ("https://id.example".to_owned(), "rollcall".to_owned());
    Connection {
        id: ConnectionId(Uuid::from_u128(number)),
        name: format!("Connection {number}"),
        setup: Setup::Oidc(OidcSetup { issuer, client_id, secret_end: String::new(), found }),
        rules: Rules {
            identity: IdentityClaim::ObjectId,
            idp_initiated: false,
            return_addresses: Vec::new(),
            creates_people: false,
        },
        setup_version: 2,
        version: 3,
        switch,
        reading: Reading::default(),
        tested: None,
        test_failed: None,
        activated: None,
        created: NOW,
        changed: Mark { at: NOW, by: Who { kind: "system".to_owned(), name: None } },
    }
}

/// Somebody with these attributes.
pub fn person(attributes: Value) -> StoredResource {
    let Value::Object(attributes) = attributes else { panic!("no object") };
    StoredResource {
        kind: Kind::USER,
        id: ResourceId(Uuid::from_u128(7)),
        resource: Resource::trusted(attributes),
        version: 1,
        created: NOW,
        modified: NOW,
    }
}
