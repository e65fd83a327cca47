//! Erasing one person: from the directory, from the journal's values, and from the logs. What is left is the frame of facts.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use scim_protocol::filter;
use serde_json::{Map, Value};

use super::{Journal, Part, Provisioning, Show, Start, Target};
use crate::Error;
use crate::context::OpContext;
use crate::directory::Kind;
use crate::ids::ResourceId;
use crate::store::{ActivityStore, ListQuery, Store, Traces};

/// Shorter texts stand in others by chance.
const TELLING: usize = 4;

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    Id(ResourceId),
    /// A userName: of somebody in the directory, or else of somebody who was deleted.
    Name(String),
}

/// Who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub id: ResourceId,
    /// None for somebody who is in the directory no more.
    pub name: Option<String>,
}

/// What somebody was known by, for the little while in which it may come up again.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KnownBy(BTreeSet<String>);

impl fmt::Debug for KnownBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} names", self.0.len())
    }
}

/// What was erased.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Facts that were emptied.
    pub facts: u64,
    /// Rows of the activity log that were about the person or named it.
    pub activity: u64,
    /// What single sign-on had kept.
    pub traces: Traces,
    /// What a pass over the log looks for once more.
    pub known_by: KnownBy,
    /// Accounts of the settings UI with an address of the person's. They are not part of the directory, and stay.
    pub admins: Vec<String>,
}

pub struct Forgetting {
    store: Arc<dyn Store>,
    log: Arc<dyn ActivityStore>,
    provisioning: Arc<Provisioning>,
    journal: Arc<Journal>,
}

impl Forgetting {
    pub fn new(
        store: Arc<dyn Store>,
        log: Arc<dyn ActivityStore>,
        provisioning: Arc<Provisioning>,
        journal: Arc<Journal>,
    ) -> Self {
        Self { store, log, provisioning, journal }
    }

    /// # Errors
    /// [`Error::NotFound`]; [`Error::NotAllowed`] when several people who were deleted had the name.
    pub async fn find(&self, cx: &OpContext, sought: &Sought) -> Result<Found, Error> {
        match sought {
            Sought::Id(id) => {
                let mut read = self.store.read(&cx.scope).await?;
                if let Some(view) = read.find(&Kind::USER, *id, false).await? {
                    return Ok(Found { id: *id, name: text(view.stored.resource.attributes(), "userName") });
                }
                match read.facts_about(id.0, i64::MAX).await?.iter().any(|fact| fact.subject.kind() == "User") {
                    true => Ok(Found { id: *id, name: None }),
                    false => Err(Error::NotFound(format!("User {id}"))),
                }
            }
            Sought::Name(name) => self.named(cx, name).await,
        }
    }

    async fn named(&self, cx: &OpContext, name: &str) -> Result<Found, Error> {
        let condition = filter::parse(&format!("userName eq {}", Value::from(name)))?;
        let condition = Some(condition.check(cx.scope.types().get(&Kind::USER)?)?);
        let query = ListQuery { condition, limit: 1, ..ListQuery::default() };
        let part = Part { kind: Kind::USER, query, show: Show::Document };
        let listed = self.provisioning.search(cx, vec![part], &Start::Offset(0), 1).await?;
        if let Some(view) = listed.views.first() {
            return Ok(Found { id: view.stored.id, name: Some(name.to_owned()) });
        }
        let deleted = self.store.read(&cx.scope).await?.deleted_named(name).await?;
        match deleted.as_slice() {
            [] => Err(Error::NotFound(format!("User \"{name}\""))),
            [id] => Ok(Found { id: *id, name: None }),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                let why = format!(
                    "several people who were deleted had the name \"{name}\"; say which by the id: {}",
                    ids.join(", ")
                );
                Err(Error::NotAllowed(why))
            }
        }
    }

    /// Erases somebody. Whoever is stopped in the middle begins again, and nothing is missed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, cx: &OpContext, id: ResourceId) -> Result<Forgotten, Error> {
        let mut read = self.store.read(&cx.scope).await?;
        let view = read.find(&Kind::USER, id, false).await?;
        let mut names = Names::default();
        if let Some(view) = &view {
            names.of_person(view.stored.resource.attributes());
        }
        for fact in read.facts_about(id.0, i64::MAX).await? {
            for side in ["before", "after"] {
                if let Some(values) = fact.payload.as_ref().and_then(|payload| payload.get(side)?.as_object()) {
                    names.of_person(values);
                }
            }
        }
        drop(read);
        // The logs first, as long as somebody who is stopped can find the names again; and once more in the end, for what was
        // written of the deletion itself.
        let mut activity = self.log.erase_person(&cx.scope, id, &names.all).await?;
        let mut tx = self.store.write(&cx.scope).await?;
        let traces = tx.erase_traces(id, &names.all).await?;
        tx.commit().await?;
        if view.is_some() {
            self.provisioning.delete(cx, &Target { kind: Kind::USER, id }, None).await?;
        }
        let facts = self.journal.erase(cx, &Kind::USER, id).await?;
        activity += self.log.erase_person(&cx.scope, id, &names.all).await?;
        let admins = self.store.read(&cx.scope).await?.known_admins().await?;
        let same = |email: &str| names.all.contains(&email.to_lowercase());
        let admins = admins.into_iter().map(|admin| admin.email.to_string()).filter(|email| same(email)).collect();
        Ok(Forgotten { facts, activity, traces, known_by: KnownBy(names.all), admins })
    }

    /// Erases from the activity log what processes had noted before and wrote since; gives how many rows these were. Each
    /// writes what it notes a moment later, so that this is to be done until nothing is found any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_late(&self, cx: &OpContext, id: ResourceId, known_by: &KnownBy) -> Result<u64, Error> {
        Ok(self.log.erase_person(&cx.scope, id, &known_by.0).await?)
    }
}

/// What somebody is known by, in lower case.
#[derive(Default)]
struct Names {
    all: BTreeSet<String>,
}

impl Names {
    fn of_person(&mut self, values: &Map<String, Value>) {
        for name in ["userName", "externalId", "displayName", "nickName"] {
            self.add(text(values, name));
        }
        if let Some(Value::Object(name)) = values.get("name") {
            self.add(text(name, "formatted"));
            if let (Some(given), Some(family)) = (text(name, "givenName"), text(name, "familyName")) {
                self.add(Some(format!("{given} {family}")));
                self.add(Some(format!("{family}, {given}")));
            }
        }
        for list in ["emails", "phoneNumbers", "ims"] {
            let elements = values.get(list).and_then(Value::as_array).into_iter().flatten();
            for element in elements.filter_map(Value::as_object) {
                self.add(text(element, "value"));
            }
        }
    }

    fn add(&mut self, name: Option<String>) {
        self.all.extend(name.map(|name| name.trim().to_lowercase()).filter(|name| name.chars().count() >= TELLING));
    }
}

fn text(values: &Map<String, Value>, name: &str) -> Option<String> {
    values.get(name)?.as_str().map(str::to_owned)
}
