//! Whatever several processes do at once, the journal tells it to the byte.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use domain::change::{Change, DocumentChange};
use domain::context::OpContext;
use domain::directory::{Kind, Member};
use domain::ids::{FactId, ResourceId};
use domain::journal::{Aside, Fact, NumberedFact, Subject};
use domain::ops::{IndexWishes, Provisioning};
use domain::ports::{Clock as _, IdGen as _};
use domain::replay::{Replay, Snapshot, Told};
use domain::store::{FillStep, Lease, ListQuery, Store};
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use domain::value_index::{IndexState, ValueIndex};
use futures_util::future::join_all;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::test_runner::{TestCaseError, TestRunner};
use proptest::{prop_assert_eq, prop_assert_ne};
use storage::SqlStore;
use testkit::db::TIMING;
use testkit::world::LIST_MEMBERS_LIMIT;
use testkit::{TestPasswords, World, on_both_databases};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::cases;
use crate::history::{Replica, Seen, Step, step};
use crate::raw::Raw;

on_both_databases! { World:
    the_journal_tells_the_directory_that_concurrent_clients_made,
}

/// What each of several clients does, and of which resources at which moments the state is asked afterwards.
#[derive(Clone, Debug)]
struct Case {
    clients: Vec<Vec<Step>>,
    asked: Vec<(Index, Index)>,
}

fn case() -> impl Strategy<Value = Case> {
    let clients = vec(vec(step(), 4..16), 2..5);
    (clients, vec(any::<(Index, Index)>(), 12)).prop_map(|(clients, asked)| Case { clients, asked })
}

/// One installation of two processes, and another that knows what happened only from the journal.
struct Place<'p> {
    world: &'p World,
    second: Arc<SqlStore>,
    raw: Raw,
    other: World,
    other_raw: Raw,
    lease_clock: AtomicI64,
}

async fn the_journal_tells_the_directory_that_concurrent_clients_made(world: &World) {
    let raw = Raw::of(world).await;
    let other = if raw.is_postgres() { World::postgres().await } else { World::sqlite().await };
    let second = SqlStore::connect(world.target(), TIMING).await.unwrap();
    let other_raw = Raw::of(&other).await;
    let place = Place { world, second: Arc::new(second), raw, other, other_raw, lease_clock: AtomicI64::new(0) };
    let count = Cell::new(0);
    let run = |case| {
        count.set(count.get() + 1);
        let slug = format!("case-{}", count.get());
        tokio::task::block_in_place(|| Handle::current().block_on(place.check(&slug, case)))
    };
    TestRunner::new(cases(8)).run(&case(), run).unwrap();
}

/// A tenant that has one more attribute indexed than every tenant has.
async fn tenant(world: &World, slug: &str) -> Tenant {
    let slug = world.tenant(slug).await.slug;
    let title = ValueIndex { kind: Kind::USER, path: "title".to_owned(), state: IndexState::Filling };
    let (work, now) = (world.store.work(), world.clock.now());
    work.register_index(&slug, &title, now).await.unwrap();
    assert_eq!(work.fill_index(&slug, &title, now).await, Ok(FillStep::Complete));
    world.tenants.get(&slug).await.unwrap()
}

impl Place<'_> {
    async fn check(&self, slug: &str, case: Case) -> Result<(), TestCaseError> {
        let tenant = tenant(self.world, slug).await;
        let read_on_the_way = self.live(&tenant, case.clients).await;
        let facts = self.facts(&tenant).await;
        prop_assert_eq!(&read_on_the_way[..], &facts[..read_on_the_way.len()], "a reader goes on and misses nothing");
        let numbers: Vec<i64> = facts.iter().map(|fact| fact.number).collect();
        prop_assert_eq!(numbers, (1..=facts.len()).map(|number| i64::try_from(number).unwrap()).collect::<Vec<_>>());
        let written = "SELECT count(*) FROM fact_payload WHERE tenant_id = $1";
        prop_assert_eq!(self.raw.number(written, [tenant.id.0.into()]).await, i64::try_from(facts.len()).unwrap());

        let replay = Replay::of(&facts);
        prop_assert_eq!(told(&replay), self.directory(&tenant).await);
        for fact in &facts {
            let Subject::Resource(_, id) = fact.subject else { continue };
            prop_assert_ne!(replay.resource(id), Told::Erased, "{} was never erased", id);
        }
        self.check_moments(&tenant, &facts, case.asked).await?;
        self.check_copy(slug, &tenant, &replay).await
    }

    /// Everything that happens at the same time; gives the facts that a reader got meanwhile.
    async fn live(&self, tenant: &Tenant, clients: Vec<Vec<Step>>) -> Vec<NumberedFact> {
        let wishes = Arc::new(IndexWishes::new(self.second.clone()));
        let second = Provisioning::new(
            self.second.clone(),
            self.world.ids.clone(),
            wishes,
            Arc::new(TestPasswords),
            LIST_MEMBERS_LIMIT,
        );
        let (seen, is_over) = (Seen::default(), AtomicBool::new(false));
        let serve = |(index, steps): (usize, Vec<Step>)| {
            let provisioning = if index % 2 == 0 { &*self.world.provisioning } else { &second };
            let replica = Replica { world: self.world, provisioning, seen: &seen };
            async move {
                for step in steps {
                    self.world.clock.set(Timestamp::from_micros(self.world.clock.now().as_micros() + 1));
                    let cx = self.world.cx(tenant);
                    replica.take(&cx, step).await;
                }
            }
        };
        let serving = async {
            join_all(clients.into_iter().enumerate().map(serve)).await;
            is_over.store(true, Ordering::SeqCst);
        };
        let first = self.sequence(&*self.world.store, "first", &is_over);
        let other = self.sequence(&*self.second, "second", &is_over);
        let ((), (), (), read) = tokio::join!(serving, first, other, self.follow(tenant, &is_over));
        while self.number_as("last", &*self.world.store, 3).await > 0 || self.waiting().await > 0 {}
        read
    }

    /// A sequencer that numbers in small steps until all is over.
    async fn sequence(&self, store: &dyn Store, holder: &str, is_over: &AtomicBool) {
        while !is_over.load(Ordering::SeqCst) {
            self.number_as(holder, store, 2).await;
            tokio::time::sleep(std::time::Duration::from_millis(3)).await;
        }
    }

    /// The lease runs out at the next look at the clock, so that others take turns.
    async fn number_as(&self, holder: &str, store: &dyn Store, limit: u64) -> u64 {
        let now = Timestamp::from_micros(self.lease_clock.fetch_add(2, Ordering::SeqCst));
        let until = Timestamp::from_micros(now.as_micros() + 1);
        let lease = Lease { name: "sequencer", holder: holder.to_owned(), until };
        // Whoever has it tries to number, and whoever does not as well.
        store.work().take_lease(&lease, now).await.unwrap();
        store.work().number_facts(&lease, limit).await.unwrap()
    }

    async fn waiting(&self) -> i64 {
        if self.raw.is_postgres() { self.raw.number("SELECT count(*) FROM fact_ticket", []).await } else { 0 }
    }

    /// Somebody who reads the journal while it is written.
    async fn follow(&self, tenant: &Tenant, is_over: &AtomicBool) -> Vec<NumberedFact> {
        let mut read = Vec::new();
        while !is_over.load(Ordering::SeqCst) {
            let last = read.last().map_or(0, |fact: &NumberedFact| fact.number);
            read.extend(self.world.journal.facts_after(&tenant.scope(), last, 5).await.unwrap());
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        read
    }

    async fn facts(&self, tenant: &Tenant) -> Vec<NumberedFact> {
        let mut facts: Vec<NumberedFact> = Vec::new();
        loop {
            let last = facts.last().map_or(0, |fact| fact.number);
            let more = self.world.journal.facts_after(&tenant.scope(), last, 7).await.unwrap();
            if more.is_empty() {
                return facts;
            }
            facts.extend(more);
        }
    }

    /// What is there now, past the store.
    async fn directory(&self, tenant: &Tenant) -> Directory {
        let sql = "SELECT id, kind, doc, version, created_us, modified_us FROM resource WHERE tenant_id = $1";
        let rows: Vec<(Uuid, String, String, i64, i64, i64)> = self.raw.rows(sql, [tenant.id.0.into()]).await;
        let members = "SELECT group_id, member_id FROM member WHERE tenant_id = $1";
        let members: Vec<(Uuid, Uuid)> = self.raw.rows(members, [tenant.id.0.into()]).await;
        let row = |(id, kind, doc, version, created, modified)| {
            let members = members.iter().filter(|(group, _)| *group == id).map(|(_, member)| *member).collect();
            (id, Row { kind, doc, version, created, modified, members })
        };
        rows.into_iter().map(row).collect()
    }

    async fn check_moments(
        &self,
        tenant: &Tenant,
        facts: &[NumberedFact],
        asked: Vec<(Index, Index)>,
    ) -> Result<(), TestCaseError> {
        let resource = |fact: &NumberedFact| match fact.subject {
            Subject::Resource(_, id) => Some(id),
            _ => None,
        };
        let ids: Vec<ResourceId> = facts.iter().filter_map(resource).collect();
        for (which, when) in asked.into_iter().filter(|_| !ids.is_empty()) {
            let (id, count) = (*which.get(&ids), when.index(facts.len() + 1));
            let folded = Replay::of(&facts[..count]).resource(id);
            let number = i64::try_from(count).unwrap();
            let told = self.world.journal.state_at(&tenant.scope(), id, number).await.unwrap();
            prop_assert_eq!(told, folded, "{} at {}", id, number);
        }
        Ok(())
    }

    /// The directory that is told, written anew: every row of it, and every row that indexes have of it.
    async fn check_copy(&self, slug: &str, original: &Tenant, replay: &Replay) -> Result<(), TestCaseError> {
        let copy = tenant(&self.other, slug).await;
        let cx = self.other.cx(&copy);
        let groups_last = |snapshot: &&Snapshot| snapshot.stored.kind == Kind::GROUP;
        let (groups, users): (Vec<_>, Vec<_>) = replay.snapshots().partition(groups_last);
        for snapshot in users.iter().chain(&groups) {
            self.write(&cx, snapshot, &users).await;
        }
        for table in ["resource", "resource_value", "member"] {
            let (there, here) = (dump(&self.raw, table, original).await, dump(&self.other_raw, table, &copy).await);
            prop_assert_eq!(there, here, "{}", table);
        }
        for kind in [Kind::USER, Kind::GROUP] {
            let mut read = self.world.store.read(&original.scope()).await.unwrap();
            let total = read.list(&kind, &ListQuery::default()).await.unwrap().total;
            let there = replay.snapshots().filter(|snapshot| snapshot.stored.kind == kind).count();
            prop_assert_eq!(total, there as u64, "the count of {}", kind);
        }
        Ok(())
    }

    async fn write(&self, cx: &OpContext, snapshot: &Snapshot, users: &[&Snapshot]) {
        let kind_of = |id: &ResourceId| match users.iter().any(|user| user.stored.id == *id) {
            true => Kind::USER,
            false => Kind::GROUP,
        };
        let members = snapshot.members.iter().map(|id| Member { id: *id, kind: kind_of(id) });
        let mut change = Change::of(cx, DocumentChange::Insert(snapshot.stored.clone()));
        change.joining = members.map(|member| (member.id, member.kind)).collect();
        let fact = Fact::created(&snapshot.stored, &Aside::default());
        change.facts.push((FactId(self.other.ids.next(cx.now)), fact));
        self.other.store.save(&cx.scope, &change).await.unwrap();
    }
}

type Directory = BTreeMap<Uuid, Row>;

/// A resource as its row and those of its members hold it.
#[derive(Debug, PartialEq)]
struct Row {
    kind: String,
    doc: String,
    version: i64,
    created: i64,
    modified: i64,
    members: BTreeSet<Uuid>,
}

fn told(replay: &Replay) -> Directory {
    let row = |Snapshot { stored, members }: &Snapshot| {
        let row = Row {
            kind: stored.kind.to_string(),
            doc: serde_json::to_string(stored.resource.attributes()).unwrap(),
            version: stored.version,
            created: stored.created.as_micros(),
            modified: stored.modified.as_micros(),
            members: members.iter().map(|id| id.0).collect(),
        };
        (stored.id.0, row)
    };
    replay.snapshots().map(row).collect()
}

/// Every row of a tenant without the tenant, each as one text.
async fn dump(raw: &Raw, table: &str, tenant: &Tenant) -> Vec<String> {
    let row = if raw.is_postgres() {
        "(to_jsonb(t) - 'tenant_id')::text".to_owned()
    } else {
        let columns = "SELECT 'quote(' || name || ')' FROM pragma_table_info($1) WHERE name <> 'tenant_id'";
        let columns: Vec<(String,)> = raw.rows(columns, [table.into()]).await;
        columns.into_iter().map(|(column,)| column).collect::<Vec<_>>().join(" || ',' || ")
    };
    let sql = format!("SELECT {row} FROM {table} AS t WHERE tenant_id = $1 ORDER BY 1");
    raw.rows(&sql, [tenant.id.0.into()]).await.into_iter().map(|(row,)| row).collect()
}
