//! Pieces in which writers and sequencers get in each other's way, played step by step on a real PostgreSQL, and what has
//! to be true of the numbers at the end of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, Ordering};

use domain::change::{Change, DocumentChange};
use domain::directory::{Kind, View};
use domain::ids::FactId;
use domain::journal::{Fact, Subject, What};
use domain::ports::IdGen as _;
use domain::store::{Lease, Store as _, StoreError, TenantTx};
use domain::tenant::Tenant;
use domain::timestamp::Timestamp;
use sea_orm::DatabaseTransaction;
use serde_json::json;
use storage::SqlStore;
use testkit::World;

use crate::raw::Raw;
use crate::stage::{Running, Stage};

/// What each writer is going to do: in which group of which tenant it writes, and whether it commits.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub tenant: usize,
    /// None writes a fact that holds no row.
    pub group: Option<usize>,
    pub commits: bool,
}

/// The next thing that somebody does; what cannot be done now is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A writer begins and draws its ticket, which may make it wait for another's row.
    Draw(usize),
    /// It commits or rolls back.
    End(usize),
    /// A sequencer takes the lease over, or renews it.
    Lease(usize),
    /// It numbers so many.
    Number(usize, u64),
    /// It is stopped at a point of its next numbering, until it is let go.
    Stop(Point),
    LetGo,
}

/// Where a sequencer is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// Before it knows whether the lease is its own.
    Lease,
    /// Between that and the numbering.
    Between,
    /// When it has seen what waits for numbers and taken the tickets away.
    Middle,
}

impl Point {
    /// The lock that it has to wait for there.
    const fn lock(self) -> &'static str {
        match self {
            Self::Lease => "SELECT FROM worker_lease FOR UPDATE",
            Self::Between => "LOCK TABLE journal_head IN SHARE MODE",
            Self::Middle => "SELECT FROM journal_head FOR UPDATE",
        }
    }
}

/// A writer under way.
struct Writer {
    plan: Plan,
    fact: FactId,
    /// Its transaction, when it has drawn its ticket.
    drawing: Running<Result<Box<dyn TenantTx>, StoreError>>,
    drawn: Option<Box<dyn TenantTx>>,
    /// The moments at which it began, had drawn and had committed.
    began: Option<usize>,
    got: Option<usize>,
    committed: Option<usize>,
    is_over: bool,
}

impl Writer {
    /// Whether everything of this one happened before anything of the other.
    fn is_before(&self, other: &Self) -> bool {
        let (Some(got), Some(committed)) = (self.got, self.committed) else { return false };
        let shares_row =
            self.plan.group.is_some() && (self.plan.tenant, self.plan.group) == (other.plan.tenant, other.plan.group);
        other.began.is_some_and(|began| committed < began) || (shares_row && other.got.is_some_and(|other| got < other))
    }
}

/// A world with tenants and groups to write in.
pub struct Theatre {
    pub world: World,
    pub tenants: Vec<(Tenant, Vec<View>)>,
    pub stage: Stage,
    /// Goes on so fast that every lease has run out when the next is asked for.
    lease_clock: AtomicI64,
}

const HOLDERS: [&str; 2] = ["A", "B"];

impl Theatre {
    pub async fn open() -> Self {
        let world = World::postgres().await;
        let mut tenants = Vec::new();
        for slug in ["acme", "globex"] {
            let tenant = world.tenant(slug).await;
            let cx = world.cx(&tenant);
            let groups = vec![world.group(&cx, "one", &[]).await, world.group(&cx, "two", &[]).await];
            tenants.push((tenant, groups));
        }
        let stage = Stage::new(Raw::of(&world).await);
        let theatre = Self { world, tenants, stage, lease_clock: AtomicI64::new(0) };
        theatre.drain().await;
        theatre
    }

    /// A lease that this holder asks for now.
    pub fn lease(&self, holder: usize) -> (Lease, Timestamp) {
        let now = self.lease_clock.fetch_add(2, Ordering::SeqCst);
        let until = Timestamp::from_micros(now + 1);
        (Lease { name: "sequencer", holder: HOLDERS[holder].to_owned(), until }, Timestamp::from_micros(now))
    }

    pub async fn waiting(&self) -> i64 {
        self.stage.number("SELECT count(*) FROM fact_ticket").await
    }

    /// Numbers all there is.
    async fn drain(&self) {
        while self.waiting().await > 0 {
            let (lease, now) = self.lease(0);
            assert!(take_lease(&self.world.store, &lease, now).await);
            assert!(number(&self.world.store, &lease, 2).await > 0);
        }
    }

    /// Plays a piece to its end and looks at the numbers.
    pub async fn play(&self, plans: &[Plan], steps: &[Step]) {
        let mut before = Vec::new();
        for (tenant, _) in &self.tenants {
            before.push(self.world.store.read(&tenant.scope()).await.unwrap().last_fact().await.unwrap());
        }
        let mut play = Play::new(self, plans);
        for step in steps {
            play.step(*step).await;
        }
        play.finish(plans.len()).await;
        for (index, (tenant, _)) in self.tenants.iter().enumerate() {
            let facts = self.world.journal.facts_after(&tenant.scope(), before[index], 1_000).await.unwrap();
            let numbers: Vec<i64> = facts.iter().map(|fact| fact.number).collect();
            let expected: Vec<i64> = (before[index] + 1..).take(numbers.len()).collect();
            assert_eq!(numbers, expected, "no gap and none twice: {plans:?} {steps:?}");
            let numbers: BTreeMap<FactId, i64> = facts.iter().map(|fact| (fact.id, fact.number)).collect();
            let committed = play.committed(index);
            let ids: BTreeSet<FactId> = committed.iter().map(|writer| writer.fact).collect();
            assert_eq!(facts.len(), ids.len(), "each once: {plans:?} {steps:?}");
            assert!(numbers.keys().eq(&ids), "none lost and none of those that rolled back: {plans:?} {steps:?}");
            for (one, other) in committed.iter().flat_map(|one| committed.iter().map(move |other| (one, other))) {
                let is_right = !one.is_before(other) || numbers[&one.fact] < numbers[&other.fact];
                assert!(is_right, "{:?} before {:?}: {plans:?} {steps:?}", one.plan, other.plan);
            }
        }
    }
}

/// A piece that is being played.
struct Play<'t> {
    theatre: &'t Theatre,
    writers: Vec<Writer>,
    sequencers: [Running<()>; 2],
    gate: Option<DatabaseTransaction>,
    clock: usize,
}

impl<'t> Play<'t> {
    fn new(theatre: &'t Theatre, plans: &[Plan]) -> Self {
        let writer = |plan: &Plan| Writer {
            plan: *plan,
            fact: FactId(theatre.world.ids.next(Timestamp::from_micros(0))),
            drawing: Running::Idle,
            drawn: None,
            began: None,
            got: None,
            committed: None,
            is_over: false,
        };
        let sequencers = [Running::Idle, Running::Idle];
        let writers = plans.iter().map(writer).collect();
        Self { theatre, writers, sequencers, gate: None, clock: 0 }
    }

    async fn step(&mut self, step: Step) {
        self.clock += 1;
        match step {
            Step::Draw(writer) => self.draw(writer),
            Step::End(writer) => self.end(writer).await,
            Step::Lease(holder) => self.sequencer(holder, None),
            Step::Number(holder, limit) => self.sequencer(holder, Some(limit)),
            Step::Stop(point) if self.gate.is_none() && !self.is_numbering() => {
                self.gate = Some(self.theatre.stage.hold(point.lock()).await);
            }
            Step::Stop(_) => {}
            Step::LetGo => {
                if let Some(gate) = self.gate.take() {
                    gate.rollback().await.unwrap();
                }
            }
        }
        self.settle().await;
    }

    fn is_numbering(&self) -> bool {
        self.sequencers.iter().any(Running::is_under_way)
    }

    fn draw(&mut self, index: usize) {
        let (writer, clock) = (&mut self.writers[index], self.clock);
        if writer.began.is_some() {
            return;
        }
        writer.began = Some(clock);
        let (tenant, groups) = &self.theatre.tenants[writer.plan.tenant];
        let cx = self.theatre.world.cx(tenant);
        let group = groups[writer.plan.group.unwrap_or(0)].stored.id;
        let document = match writer.plan.group {
            Some(_) => DocumentChange::Touch(Kind::GROUP, group),
            None => DocumentChange::None,
        };
        let subject = Subject::Resource(Kind::GROUP, group);
        let fact = (writer.fact, Fact { what: What::Patched, subject, payload: json!({}) });
        let store = self.theatre.world.store.clone();
        writer.drawing.start(async move {
            let mut tx = store.write(&cx.scope).await?;
            let mut change = Change::of(&cx, document);
            change.facts.push(fact);
            tx.save(&change).await?;
            Ok(tx)
        });
    }

    async fn end(&mut self, index: usize) {
        let writer = &mut self.writers[index];
        let Some(tx) = writer.drawn.take() else { return };
        writer.is_over = true;
        if writer.plan.commits {
            tx.commit().await.unwrap();
            writer.committed = Some(self.clock);
        }
    }

    /// One thing after another, as in a process.
    fn sequencer(&mut self, holder: usize, limit: Option<u64>) {
        if self.sequencers[holder].is_under_way() {
            return;
        }
        let store = self.theatre.world.store.clone();
        let (lease, now) = self.theatre.lease(holder);
        self.sequencers[holder].start(async move {
            match limit {
                Some(limit) => drop(number(&store, &lease, limit).await),
                None => assert!(take_lease(&store, &lease, now).await, "it has run out"),
            }
        });
    }

    async fn settle(&mut self) {
        let (writers, sequencers) = (&self.writers, &self.sequencers);
        let under_way = || {
            let writers = writers.iter().filter(|writer| writer.drawing.is_under_way()).count();
            writers + sequencers.iter().filter(|sequencer| sequencer.is_under_way()).count()
        };
        self.theatre.stage.settle(under_way).await;
        for writer in &mut self.writers {
            if let Some(drawn) = writer.drawing.take().await {
                writer.drawn = Some(drawn.unwrap());
                writer.got = Some(self.clock);
            }
        }
        for sequencer in &mut self.sequencers {
            sequencer.take().await;
        }
    }

    /// Everybody comes to an end.
    async fn finish(&mut self, writers: usize) {
        self.step(Step::LetGo).await;
        while self.writers.iter().any(|writer| writer.began.is_some() && !writer.is_over) {
            for writer in 0..writers {
                self.step(Step::End(writer)).await;
            }
        }
        self.theatre.drain().await;
    }

    /// The writers of a tenant that committed.
    fn committed(&self, tenant: usize) -> Vec<&Writer> {
        self.writers.iter().filter(|writer| writer.plan.tenant == tenant && writer.committed.is_some()).collect()
    }
}

pub async fn take_lease(store: &SqlStore, lease: &Lease, now: Timestamp) -> bool {
    store.work().take_lease(lease, now).await.unwrap()
}

pub async fn number(store: &SqlStore, lease: &Lease, limit: u64) -> u64 {
    store.work().number_facts(lease, limit).await.unwrap()
}
