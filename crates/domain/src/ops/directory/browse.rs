//! Lists of users and groups. No page costs more than a bounded number of rows, however many there are.

use std::collections::HashMap;

use scim_protocol::path::AttrPath;
use scim_protocol::value::fold;
use serde_json::Value;

use super::Directory;
use crate::Error;
use crate::directory::{Kind, StoredResource};
use crate::ids::ResourceId;
use crate::store::{ListQuery, Position, Seek, Sort};
use crate::tenant::TenantScope;

/// How many a search by text gives.
const MOST_FOUND: usize = 100;

/// How many of each index are looked at where only some of them are wanted.
const MOST_SOUGHT: u64 = 500;

/// Up to so many resources a text is also looked for inside of names; beyond, where names begin with it.
const SMALL: u64 = 5_000;

/// How many resources one page looks at, where no index tells which are wanted.
const MOST_LOOKED_AT: u64 = 2_000;

/// Resources read at once, where few of them may be wanted.
const STEP: u64 = 500;

/// Up to so many are counted.
const MOST_COUNTED: u64 = 1_000;

/// Whether somebody may use their account: `active`, where what is not said is taken for yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Active,
    Inactive,
}

impl Standing {
    pub fn of(resource: &StoredResource) -> Self {
        match resource.resource.attributes().get("active") {
            Some(Value::Bool(false)) => Self::Inactive,
            _ => Self::Active,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By display name; those without one come last.
    #[default]
    Name,
    /// The latest change first.
    Changed,
    /// The oldest first.
    Created,
}

/// What is looked for among the resources of a kind.
#[derive(Clone, Debug)]
pub struct Looking {
    pub kind: Kind,
    /// What a name, user name, e-mail address or id begins with. Such a search has one page.
    pub text: Option<String>,
    pub standing: Option<Standing>,
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Position>,
    pub limit: u64,
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    pub resources: Vec<StoredResource>,
    /// The order they are in: not the wanted one where an index has another.
    pub order: Order,
    /// Where the next page begins.
    pub next: Option<Position>,
    pub reach: Reach,
}

/// How far was looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the end of the page.
    Whole,
    /// So far that the page ended before it was full; the next one goes on.
    NotFurther,
    /// There are more than these: the text has to say more.
    TooMany,
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Exactly(u64),
    MoreThan(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    /// None as long as no index tells.
    pub inactive: Option<Counted>,
}

impl Counts {
    /// Whether a text is looked for at the beginning of names only.
    pub const fn is_large(&self) -> bool {
        self.total > SMALL
    }

    /// Those who may use their accounts.
    pub fn active(&self) -> Option<u64> {
        match self.inactive {
            Some(Counted::Exactly(inactive)) => Some(self.total.saturating_sub(inactive)),
            _ => None,
        }
    }
}

impl Counted {
    /// What was counted up to one more than `most`.
    pub(in crate::ops) const fn up_to(most: u64, counted: u64) -> Self {
        if counted > most { Self::MoreThan(most) } else { Self::Exactly(counted) }
    }
}

impl Directory {
    /// How many there are of a kind. Asking for users makes an index of who is inactive, for the next time.
    pub async fn counts(&self, scope: &TenantScope, kind: &Kind) -> Result<Counts, Error> {
        let mut read = self.store.read(scope).await?;
        let total = read.list(kind, &ListQuery::default()).await?.total;
        if *kind != Kind::USER {
            return Ok(Counts { total, inactive: None });
        }
        let inactive = read.count_with_value(kind, INACTIVE, MOST_COUNTED + 1).await?;
        if inactive.is_none() {
            self.wishes.note(scope, kind, INACTIVE.0.to_owned());
        }
        Ok(Counts { total, inactive: inactive.map(|counted| Counted::up_to(MOST_COUNTED, counted)) })
    }

    /// One page.
    pub async fn look(&self, scope: &TenantScope, looking: &Looking) -> Result<Found, Error> {
        let text = looking.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
        match (text, looking.standing) {
            (Some(text), _) => self.search(scope, looking, text).await,
            (None, Some(Standing::Inactive)) => match self.inactive(scope, looking).await? {
                Some(found) => Ok(found),
                None => self.leaf_through(scope, looking).await,
            },
            (None, _) => self.leaf_through(scope, looking).await,
        }
    }

    /// How many members each of these groups has.
    pub async fn sizes(
        &self,
        scope: &TenantScope,
        groups: &[ResourceId],
    ) -> Result<HashMap<ResourceId, Counted>, Error> {
        if groups.is_empty() {
            return Ok(HashMap::new());
        }
        let sizes = self.store.read(scope).await?.sizes(groups, MOST_COUNTED + 1).await?;
        Ok(sizes.into_iter().map(|(id, size)| (id, Counted::up_to(MOST_COUNTED, size))).collect())
    }

    /// What people call these; who is not there any more is not among them.
    pub async fn names(&self, scope: &TenantScope, ids: &[ResourceId]) -> Result<HashMap<ResourceId, String>, Error> {
        match ids {
            [] => Ok(HashMap::new()),
            ids => Ok(self.store.read(scope).await?.names(ids).await?),
        }
    }

    async fn search(&self, scope: &TenantScope, looking: &Looking, text: &str) -> Result<Found, Error> {
        let mut read = self.store.read(scope).await?;
        let total = read.list(&looking.kind, &ListQuery::default()).await?.total;
        let inside = !Counts { total, inactive: None }.is_large();
        if !inside && looking.kind == Kind::USER {
            // So that people are found by their last names as well, the next time.
            for path in ["name.familyName", "name.givenName"] {
                self.wishes.note(scope, &looking.kind, path.to_owned());
            }
        }
        let limit = if looking.standing.is_some() { MOST_SOUGHT } else { MOST_FOUND as u64 + 1 };
        let finds = read.seek(&looking.kind, Seek { text, inside, limit }).await?;
        let mut resources = finds.resources;
        resources.retain(|resource| looking.standing.is_none_or(|standing| standing == Standing::of(resource)));
        resources.sort_by_cached_key(|resource| (sort_name(resource), resource.id));
        let has_more = finds.has_more || resources.len() > MOST_FOUND;
        resources.truncate(MOST_FOUND);
        let reach = if has_more { Reach::TooMany } else { Reach::Whole };
        Ok(Found { resources, order: Order::Name, next: None, reach })
    }

    /// Who is inactive, where an index tells.
    async fn inactive(&self, scope: &TenantScope, looking: &Looking) -> Result<Option<Found>, Error> {
        let after = looking.after.as_ref().map(|position| position.id);
        let mut read = self.store.read(scope).await?;
        let limit = looking.limit.saturating_add(1);
        let Some(mut resources) = read.with_value(&looking.kind, INACTIVE, after, limit).await? else {
            return Ok(None);
        };
        let has_more = resources.len() as u64 > looking.limit;
        resources.truncate(clamp(looking.limit));
        let last = resources.last().filter(|_| has_more);
        let next = last.map(|last| Position { key: scim_protocol::sort::SortKey::Missing, id: last.id });
        Ok(Some(Found { resources, order: Order::Created, next, reach: Reach::Whole }))
    }

    /// Reads one after another, and keeps those who are wanted.
    async fn leaf_through(&self, scope: &TenantScope, looking: &Looking) -> Result<Found, Error> {
        let sort = sort(scope, &looking.kind, looking.order)?;
        let is_wanted =
            |resource: &StoredResource| looking.standing.is_none_or(|standing| standing == Standing::of(resource));
        let step = if looking.standing.is_some() { STEP } else { looking.limit.saturating_add(1) };
        let mut read = self.store.read(scope).await?;
        let mut after = looking.after.clone();
        let mut places = Vec::new();
        let mut resources: Vec<StoredResource> = Vec::new();
        let mut looked_at = 0;
        let mut reach = Reach::Whole;
        loop {
            let query = ListQuery { sort: sort.clone(), after: after.clone(), limit: step, ..ListQuery::default() };
            let page = read.list(&looking.kind, &query).await?;
            looked_at += page.views.len() as u64;
            for (view, key) in page.views.into_iter().zip(page.keys) {
                let place = Position { key, id: view.stored.id };
                if is_wanted(&view.stored) {
                    places.push(place.clone());
                    resources.push(view.stored);
                }
                after = Some(place);
            }
            if resources.len() as u64 > looking.limit {
                // The next page begins after the last of this one.
                resources.truncate(clamp(looking.limit));
                after = clamp(looking.limit).checked_sub(1).and_then(|last| places.into_iter().nth(last));
                break;
            }
            if page.is_last {
                after = None;
                break;
            }
            if looked_at >= MOST_LOOKED_AT {
                reach = Reach::NotFurther;
                break;
            }
        }
        Ok(Found { resources, order: looking.order, next: after, reach })
    }
}

/// Where it stands who is inactive.
const INACTIVE: (&str, &Value) = ("active", &Value::Bool(false));

fn sort(scope: &TenantScope, kind: &Kind, order: Order) -> Result<Option<Sort>, Error> {
    let (path, descending) = match order {
        Order::Name => ("displayName", false),
        Order::Changed => ("meta.lastModified", true),
        Order::Created => return Ok(None),
    };
    let located = scope.types().get(kind)?.locate(&AttrPath::parse(path)?);
    Ok(located.map(|located| Sort { field: located.field(), descending }))
}

/// As people look for it in a list.
fn sort_name(resource: &StoredResource) -> String {
    let document = &resource.resource;
    fold(document.text("displayName").or_else(|| document.text("userName")).unwrap_or_default()).into_owned()
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
