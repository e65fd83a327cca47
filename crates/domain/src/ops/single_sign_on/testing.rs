//! Tests: what arrived, and whom it would let in. Nobody is signed in by them.

use super::doctor::Doctor;
use super::join::{Joined, Outside, forbidden, join, outside, several};
use super::{Landing, Logged, SingleSignOn};
use crate::Error;
use crate::connection::arrival::{Arrival, ArrivedName, LONGEST_CLAIM};
use crate::connection::attempt::{ARRIVAL_SECONDS, Answer, Attempt, Purpose, TEST_SECONDS, digest};
use crate::connection::cause::{Refused, SignInCause};
use crate::connection::link::{Finding, Verdict, examine};
use crate::connection::{Connection, IdentityClaim};
use crate::directory::StoredResource;
use crate::email_domain::EmailDomain;
use crate::ids::{AttemptId, ConnectionId};
use crate::ops::accounts::Visitor;
use crate::ops::connections::{SignOnTools, not_found};
use crate::tenant::Tenant;
use crate::timestamp::Timestamp;

/// How a test ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TestResult {
    pub at: Timestamp,
    pub connection: Connection,
    /// Whether the set-up has changed since.
    pub is_outdated: bool,
    /// Why it failed.
    pub refused: Option<Refused>,
    /// What arrived, if anything was right.
    pub arrival: Option<Arrival>,
    /// That they come from outside of the verified domains, where the tenant notes that.
    pub outside: Option<Outside>,
    /// The person it maps to.
    pub person: Option<StoredResource>,
    /// How many people it maps to.
    pub people: u64,
    /// What the link doctor says of the person.
    pub diagnosis: Option<(Verdict, Vec<Finding>)>,
}

impl Purpose {
    /// Until when an answer is kept.
    pub(super) const fn keeps_until(self, now: Timestamp) -> Timestamp {
        now.plus_seconds(if matches!(self, Self::Test) { TEST_SECONDS } else { ARRIVAL_SECONDS })
    }
}

impl SingleSignOn {
    /// Where the browser goes with an answer that is right: a test ends here.
    pub(super) async fn land(
        &self,
        tenant: &Tenant,
        attempt: &Attempt,
        arrival: Arrival,
        ticket: String,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        if attempt.purpose != Purpose::Test {
            return Ok(Landing::PickUp { ticket, purpose: attempt.purpose });
        }
        let cx = SignOnTools::own_context(&tenant.scope(), now);
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let connection = crate::ops::connections::find_in(tx.as_mut(), attempt.connection).await?;
        let key = arrival.key(connection.rules.identity);
        let (refused, outside) = match key {
            None => (Some(missing_claim(&connection, &arrival)), None),
            Some(key) => {
                let joined = join(tx.as_mut(), &cx.scope, key).await?;
                let refused = would_refuse(tenant, &tx.list_domains().await?, &connection, &arrival, key, &joined);
                (refused, outside(tenant, &arrival, joined.one()))
            }
        };
        let ended = refused.as_ref().map_or_else(|| Ok(arrival.shown_name().to_owned()), |it| Err(it.cause.code()));
        self.connections.note_test(tx.as_mut(), &cx, connection.id, attempt.setup_version, ended).await?;
        let logged = Logged { arrival: Some(&arrival), key, outside, ..Logged::of(attempt, visitor) };
        tx.log_sign_in(&self.entry(&logged, refused.as_ref(), now)).await?;
        tx.commit().await?;
        Ok(Landing::Tested(connection.id, attempt.id))
    }

    /// Ends a test with a refusal, which its page explains.
    pub(super) async fn fail_test(
        &self,
        tenant: &Tenant,
        attempt: &Attempt,
        refused: Refused,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Landing, Error> {
        let cx = SignOnTools::own_context(&tenant.scope(), now);
        let ticket = hex::encode(self.tools.secrets.bytes());
        let mut tx = self.tools.store.write(&cx.scope).await?;
        tx.lock_tenant().await?;
        let answer = Answer::Refused(refused.clone());
        let until = Purpose::Test.keeps_until(now);
        if tx.answer_attempt(attempt.id, &answer, &digest(&ticket), until).await? {
            let (id, cause) = (attempt.connection, refused.cause.code());
            self.connections.note_test(tx.as_mut(), &cx, id, attempt.setup_version, Err(cause)).await?;
            tx.log_sign_in(&self.entry(&Logged::of(attempt, visitor), Some(&refused), now)).await?;
        }
        tx.commit().await?;
        Ok(Landing::Tested(attempt.connection, attempt.id))
    }

    /// How a test ended; none while it is under way.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there was none, or it is too long ago.
    pub async fn test_result(
        &self,
        tenant: &Tenant,
        id: ConnectionId,
        test: AttemptId,
        now: Timestamp,
    ) -> Result<Option<TestResult>, Error> {
        let scope = &tenant.scope();
        let mut read = self.tools.store.read(scope).await?;
        let connection = read.find_connection(id).await?.ok_or_else(|| not_found(id))?;
        let attempt = read.find_attempt(test).await?;
        let attempt = attempt.filter(|it| it.connection == id && it.purpose == Purpose::Test && it.expires > now);
        let attempt = attempt.ok_or_else(|| Error::NotFound(format!("test {test}")))?;
        let Some(answer) = attempt.answer else { return Ok(None) };
        let mut result = TestResult {
            at: attempt.begun,
            is_outdated: attempt.setup_version != connection.setup_version,
            refused: None,
            arrival: None,
            outside: None,
            person: None,
            people: 0,
            diagnosis: None,
            connection,
        };
        match answer {
            Answer::Refused(refused) => result.refused = Some(refused),
            Answer::Arrived(arrival) => {
                match arrival.key(result.connection.rules.identity) {
                    None => result.refused = Some(missing_claim(&result.connection, &arrival)),
                    Some(key) => {
                        let joined = join(read.as_mut(), scope, key).await?;
                        let domains = read.list_domains().await?;
                        result.refused = would_refuse(tenant, &domains, &result.connection, &arrival, key, &joined);
                        result.outside = outside(tenant, &arrival, joined.one());
                        match joined {
                            Joined::Nobody => {}
                            Joined::Several(people) => result.people = people,
                            Joined::One(person) => {
                                let evidence =
                                    Doctor::evidence(read.as_mut(), scope, &person, &result.connection).await?;
                                let found = examine(&person, &result.connection, &evidence);
                                (result.people, result.person, result.diagnosis) = (1, Some(*person), Some(found));
                            }
                        }
                    }
                }
                result.arrival = Some(*arrival);
            }
        }
        Ok(Some(result))
    }
}

/// Why whoever did the test would not be let in. Somebody whom the directory does not know may yet come to be there, and may be an
/// admin.
fn would_refuse(
    tenant: &Tenant,
    domains: &[EmailDomain],
    connection: &Connection,
    arrival: &Arrival,
    key: &str,
    joined: &Joined,
) -> Option<Refused> {
    match joined {
        Joined::Several(people) => Some(several(*people, key)),
        Joined::Nobody | Joined::One(_) => forbidden(tenant, domains, connection, arrival, joined.one()),
    }
}

/// What the identity provider left out.
pub(super) fn missing_claim(connection: &Connection, arrival: &Arrival) -> Refused {
    let claim = connection.rules.identity;
    let name = arrival.name_id.as_ref().filter(|_| claim == IdentityClaim::NameId);
    let detail = match name.and_then(ArrivedName::passing_format) {
        Some(format) => format!("its NameID has the format {format}, which may be somebody else's tomorrow"),
        None => format!("there is no {} in it of at most {LONGEST_CLAIM} characters", claim.as_str()),
    };
    Refused::new(SignInCause::ClaimMissing, detail)
}
