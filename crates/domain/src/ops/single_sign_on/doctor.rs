//! The link doctor's visits.

use std::sync::Arc;

use super::join::{Joined, join};
use crate::Error;
use crate::connection::link::{Evidence, Finding, Stranger, Verdict, examine};
use crate::connection::{Connection, Stage};
use crate::directory::StoredResource;
use crate::sign_in_log::{SignInQuery, logged_name};
use crate::store::{Store, TenantRead};
use crate::tenant::TenantScope;

/// Tells whether single sign-on and provisioning meet at a person.
pub struct Doctor {
    store: Arc<dyn Store>,
}

/// What it says of a person and one connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    pub connection: Connection,
    pub verdict: Verdict,
    pub findings: Vec<Finding>,
}

impl Doctor {
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Examines a person's links by all connections that are or were in use.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn examine(&self, scope: &TenantScope, person: &StoredResource) -> Result<Vec<Diagnosis>, Error> {
        let mut read = self.store.read(scope).await?;
        let mut diagnoses = Vec::new();
        for connection in read.list_connections().await? {
            if matches!(connection.stage(), Stage::Draft | Stage::TestFailed) {
                continue;
            }
            let evidence = Self::evidence(read.as_mut(), scope, person, &connection).await?;
            let (verdict, findings) = examine(person, &connection, &evidence);
            diagnoses.push(Diagnosis { connection, verdict, findings });
        }
        Ok(diagnoses)
    }

    /// What is known beside the person and the connection.
    pub(super) async fn evidence<R: TenantRead + ?Sized>(
        read: &mut R,
        scope: &TenantScope,
        person: &StoredResource,
        connection: &Connection,
    ) -> Result<Evidence, Error> {
        let of_this_external_id = match person.resource.text("externalId") {
            None => 0,
            Some(text) => match join(read, scope, text).await? {
                Joined::Nobody => 0,
                Joined::One(_) => 1,
                Joined::Several(people) => people,
            },
        };
        let query = SignInQuery {
            connection: Some(connection.id),
            person: Some(person.id),
            limit: 20,
            ..SignInQuery::default()
        };
        let signed_in = read.sign_ins(&query).await?.into_iter().find(|entry| entry.cause.is_none());
        let user_name = logged_name(person.resource.text("userName").unwrap_or_default());
        let stranger = match user_name.as_str() {
            "" => None,
            name => read.newest_stranger(connection.id, name).await?,
        };
        Ok(Evidence {
            signed_in: signed_in.map(|entry| entry.at),
            of_this_external_id,
            stranger: stranger.and_then(|entry| Some(Stranger { at: entry.at, key: entry.key? })),
        })
    }
}
