//! Rows for changes that a crash has taken them from: the journal has every change, with the id of its request.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;
use uuid::Uuid;

use super::ActivityLog;
use crate::activity::{Action, Activity, CredentialRef, Entry, Outcome, TargetRef};
use crate::credential::Credential;
use crate::directory::Kind;
use crate::ids::{ActivityId, ResourceId};
use crate::journal::{NumberedFact, Subject, What};
use crate::provider::Provider;
use crate::store::StoreError;
use crate::tenant::TenantSlug;
use crate::timestamp::Timestamp;

/// Facts younger than this may get their row from whoever answered them. Longer than a request may take.
const SETTLED_SECONDS: i64 = 45;

/// Facts that are looked at in one go.
const FACTS: u64 = 500;

/// A request that took long has its row where it began, and a bulk request has facts of all its time.
const BEFORE_SECONDS: i64 = 600;

impl ActivityLog {
    /// Gives changes of a tenant that have no row one, made from their facts; changes of the last moments are left for
    /// later. Gives how many rows there were to make, and up to which number of the journal nothing is left to do.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reconcile(&self, slug: &TenantSlug, now: Timestamp) -> Result<(u64, i64), StoreError> {
        let Some(admission) = self.admissions.read(slug).await? else { return Ok((0, 0)) };
        let scope = admission.tenant.scope();
        let mut number = self.log.reconciled(&scope).await?.unwrap_or_default();
        let mut made = 0;
        loop {
            let facts = self.store.read(&scope).await?.facts_after(number, FACTS).await?;
            let settled = now.plus_seconds(-SETTLED_SECONDS);
            let facts: Vec<NumberedFact> = facts.into_iter().take_while(|fact| fact.at <= settled).collect();
            let (Some(first), Some(last)) =
                (facts.iter().map(|fact| fact.at).min(), facts.iter().map(|fact| fact.at).max())
            else {
                return Ok((made, number));
            };
            number = facts.last().map_or(number, |fact| fact.number);
            let mut open: BTreeMap<&str, Vec<&NumberedFact>> = BTreeMap::new();
            for fact in facts.iter().filter(|fact| is_request(fact)) {
                open.entry(&fact.request_id).or_default().push(fact);
            }
            let ids: Vec<ActivityId> = open.values().flatten().filter_map(|fact| row_id(fact)).collect();
            let known: HashSet<ActivityId> = self.log.known(&scope, &ids).await?.into_iter().collect();
            open.retain(|_, facts| !facts.iter().filter_map(|fact| row_id(fact)).any(|id| known.contains(&id)));
            if !open.is_empty() {
                let from = first.plus_seconds(-BEFORE_SECONDS);
                for bulk in self.log.bulk_requests(&scope, from, last.plus_seconds(1)).await? {
                    open.remove(bulk.as_str());
                }
            }
            let entries: Vec<Entry> =
                open.values().map(|facts| Entry::of(admission.tenant.id, row(facts, &admission.credentials))).collect();
            if !entries.is_empty() {
                self.log.append(&entries, &[]).await?;
            }
            made += entries.len() as u64;
            self.log.note_reconciled(&scope, number).await?;
            if (facts.len() as u64) < FACTS {
                return Ok((made, number));
            }
        }
    }
}

/// Whether a fact is of a request that leaves a row.
fn is_request(fact: &NumberedFact) -> bool {
    matches!(fact.actor_kind.as_str(), "token" | "client") && Uuid::try_parse(&fact.request_id).is_ok()
}

/// The row that a fact's request has, unless it is a bulk request, in which facts are later than the row.
fn row_id(fact: &NumberedFact) -> Option<ActivityId> {
    Uuid::try_parse(&fact.request_id).ok().map(|request| ActivityId::of_request(fact.at, request))
}

/// A row that says what the facts of a request say.
fn row(facts: &[&NumberedFact], credentials: &[Credential]) -> Activity {
    // A deletion tells the groups first; the resource itself comes last.
    let told = facts.last().copied();
    let at = facts.iter().map(|fact| fact.at).min().unwrap_or(Timestamp::from_micros(0));
    let request_id = told.map(|fact| fact.request_id.clone()).unwrap_or_default();
    let request = Uuid::try_parse(&request_id).unwrap_or_default();
    let credential = told.and_then(|fact| credential(fact, credentials));
    let subjects: HashSet<Option<Uuid>> = facts.iter().map(|fact| fact.subject.id()).collect();
    let is_deletion = told.is_some_and(|fact| fact.what == What::Deleted);
    let is_one = subjects.len() == 1 || is_deletion;
    let (method, action, target) = if let Some(fact) = told.filter(|_| is_one) {
        let (method, action) = action(fact);
        (method, action, target(fact))
    } else {
        let operations = u32::try_from(facts.len()).unwrap_or(u32::MAX);
        ("POST", Action::Bulk { operations, failed: 0 }, None)
    };
    let path = match &target {
        Some(TargetRef { kind, id: Some(id), .. }) if method != "POST" => format!("/{kind}s/{id}"),
        Some(TargetRef { kind, .. }) => format!("/{kind}s"),
        None => "/Bulk".to_owned(),
    };
    Activity {
        id: ActivityId::of_request(at, request),
        at,
        took_us: 0,
        request_id,
        credential,
        client: None,
        provider: Provider::Other,
        method: method.to_owned(),
        path,
        action,
        target,
        outcome: Outcome::Done,
        status: if method == "POST" { 201 } else { 200 },
        cause: None,
        times: 1,
        address: None,
    }
}

fn credential(fact: &NumberedFact, credentials: &[Credential]) -> Option<CredentialRef> {
    let id = fact.actor_id.as_deref()?;
    let known = credentials.iter().find(|one| one.id.to_string() == id)?;
    Some(CredentialRef { id: known.id, label: known.label.clone() })
}

fn target(fact: &NumberedFact) -> Option<TargetRef> {
    let Subject::Resource(kind, id) = &fact.subject else { return None };
    let name = ["after", "before"].iter().find_map(|side| {
        let side = fact.payload.as_ref()?.get(side)?;
        let name = ["displayName", "userName"].iter().find_map(|name| side.get(name)?.as_str())?;
        Some(name.to_owned())
    });
    Some(TargetRef { kind: kind.clone(), id: Some(*id), name })
}

fn action(fact: &NumberedFact) -> (&'static str, Action) {
    let payload = fact.payload.as_ref();
    let ids = |name: &str| -> Vec<ResourceId> {
        let ids = payload.and_then(|payload| payload.get(name)).and_then(Value::as_array);
        ids.into_iter().flatten().filter_map(|id| id.as_str()?.parse().ok()).collect()
    };
    match fact.what {
        What::Created => return ("POST", Action::Created),
        What::Deleted => return ("DELETE", Action::Deleted),
        _ => {}
    }
    let method = if fact.what == What::Replaced { "PUT" } else { "PATCH" };
    let after = |name: &str| payload.and_then(|payload| payload.get("after")).and_then(|after| after.get(name));
    let is_group = matches!(&fact.subject, Subject::Resource(kind, _) if *kind == Kind::GROUP);
    let name = if is_group { "displayName" } else { "userName" };
    let action = match after("active").and_then(Value::as_bool) {
        Some(true) => Action::Enabled,
        Some(false) => Action::Disabled,
        None if after(name).is_some() => Action::Renamed,
        None => Action::of_members(&ids("members_added"), &ids("members_removed")).unwrap_or(Action::Updated),
    };
    (method, action)
}
