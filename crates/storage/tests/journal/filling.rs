//! Indexes that are registered, filled step by step and completed while users are written: at every moment lists give what
//! the evaluator of `scim-protocol` says.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::Mutex;

use domain::Error;
use domain::change::{Change, DocumentChange};
use domain::context::OpContext;
use domain::directory::{Kind, StoredResource, View};
use domain::ids::{FactId, ResourceId};
use domain::journal::{Aside, Fact};
use domain::ops::{Show, Target};
use domain::ports::{Clock as _, IdGen as _};
use domain::store::{FillStep, ListQuery, Store as _, StoreError};
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::{Index, subsequence};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{TestCaseError, TestRunner};
use proptest::{prop_assert, prop_assert_eq};
use scim_protocol::validate::{self, Validated};
use serde_json::{Value, json};
use testkit::clock::START;
use testkit::{World, on_both_databases};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::asking::{PATHS, Question, Shown, brief, question};
use crate::cases;
use crate::people::{ENTERPRISE, attributes};
use crate::raw::Raw;

on_both_databases! { World:
    lists_agree_with_the_evaluator_while_indexes_are_filled,
}

/// What a client writes. Whom it is about is chosen among those there were so far.
#[derive(Clone, Debug)]
enum Write {
    Create(Value),
    Replace(Index, Value),
    Delete(Index),
}

fn write() -> impl Strategy<Value = Write> {
    // Names that are seldom taken.
    let new = || {
        (attributes(), 0..500_u32).prop_map(|(mut new, number)| {
            new["userName"] = format!("{}{number}", new["userName"].as_str().unwrap()).into();
            new
        })
    };
    prop_oneof![
        2 => new().prop_map(Write::Create),
        5 => (any::<Index>(), new()).prop_map(|(user, new)| Write::Replace(user, new)),
        1 => any::<Index>().prop_map(Write::Delete),
    ]
}

/// What happens between two looks, and what is asked then.
#[derive(Clone, Debug, Default)]
struct Stretch {
    writes: Vec<Write>,
    /// By another client at the same time.
    others: Vec<Write>,
    questions: Vec<Question>,
}

#[derive(Clone, Debug)]
struct Case {
    paths: Vec<&'static str>,
    stretches: Vec<Stretch>,
}

fn case() -> impl Strategy<Value = Case> {
    let stretch = (vec(write(), 2..7), vec(write(), 0..5), vec(question(), 5))
        .prop_map(|(writes, others, questions)| Stretch { writes, others, questions });
    (subsequence(PATHS.to_vec(), 1..=2), vec(stretch, 8)).prop_map(|(paths, stretches)| Case { paths, stretches })
}

/// Enough of them for two steps of filling, with those of the case's own in the midst of the first.
const LOW: usize = 40;
const HIGH: usize = 200;

/// A tenant with users that are copied into each case's own, which is quicker than making them.
struct Model {
    tenant: Tenant,
    ids: Vec<ResourceId>,
}

impl Model {
    async fn make(world: &World) -> Self {
        let tenant = world.tenant("model").await;
        let cx = world.cx(&tenant);
        let mut runner = TestRunner::deterministic();
        let mut ids = Vec::new();
        for number in 0..LOW + HIGH {
            let mut new = attributes().new_tree(&mut runner).unwrap().current();
            new["userName"] = format!("Model{number}").into();
            let resource = validated(world, new).unwrap().resource;
            // Below all ids of a case, or above them.
            let top = if number < LOW { 0 } else { 0xffff_ffff << 96 };
            let id = ResourceId(Uuid::from_u128(top + 1 + number as u128));
            let (kind, now) = (Kind::USER, cx.now);
            let stored = StoredResource { kind, id, resource, version: 1, created: now, modified: now };
            let mut change = Change::of(&cx, DocumentChange::Insert(stored.clone()));
            change.facts.push((FactId(world.ids.next(now)), Fact::created(&stored, &Aside::default())));
            world.store.save(&cx.scope, &change).await.unwrap();
            ids.push(id);
        }
        Self { tenant, ids }
    }

    /// So few of them that the same are written again and again, the first and the last of each step of filling.
    fn few(&self) -> Vec<ResourceId> {
        let index = |index: &usize| self.ids[*index];
        [0, 1, LOW - 1, LOW, LOW + HIGH / 2, LOW + HIGH - 2, LOW + HIGH - 1].iter().map(index).collect()
    }
}

async fn lists_agree_with_the_evaluator_while_indexes_are_filled(world: &World) {
    let raw = Raw::of(world).await;
    let model = Model::make(world).await;
    let count = Cell::new(0);
    let run = |case| {
        count.set(count.get() + 1);
        let slug = format!("case-{}", count.get());
        tokio::task::block_in_place(|| Handle::current().block_on(check(world, &raw, &model, &slug, case)))
    };
    TestRunner::new(cases(3)).run(&case(), run).unwrap();
}

/// One tenant from before its first index to after its last.
struct Course<'c> {
    world: &'c World,
    raw: &'c Raw,
    /// The tenant as processes know it that learned of its indexes at different times.
    known: Vec<Tenant>,
    /// Whom writes are about.
    users: Mutex<Vec<ResourceId>>,
}

async fn check(world: &World, raw: &Raw, model: &Model, slug: &str, case: Case) -> Result<(), TestCaseError> {
    world.clock.set(START);
    let tenant = world.tenant(slug).await;
    copy(raw, &["resource", "resource_value", "resource_count"], &model.tenant, &tenant).await;
    let mut course = Course { world, raw, known: vec![tenant], users: Mutex::new(model.few()) };
    let mut stretches = case.stretches.into_iter();
    let mut next = || stretches.next().unwrap_or_default();

    // Nobody knows of an index; then some do and others do not.
    course.go([0, 0], next(), None).await?;
    register(world, &course.known[0], &case.paths).await;
    course.learn().await;
    course.go([0, 1], next(), None).await?;
    // All that began to write without knowing have ended.
    for (_, index) in world.store.work().open_indexes().await.unwrap() {
        while course.go([1, 1], next(), Some(&index)).await? == FillStep::Going {}
    }
    course.learn().await;
    course.go([1, 2], next(), None).await?;
    course.check_index(&case.paths).await
}

async fn register(world: &World, tenant: &Tenant, paths: &[&str]) {
    for path in paths {
        let wanted = ValueIndex { kind: Kind::USER, path: (*path).to_owned(), state: IndexState::Filling };
        world.store.work().register_index(&tenant.slug, &wanted, world.clock.now()).await.unwrap();
    }
}

impl Course<'_> {
    /// A process learns how things are.
    async fn learn(&mut self) {
        let found = self.world.store.find_admission(&self.known[0].slug).await.unwrap().unwrap();
        self.known.push(found.tenant);
    }

    /// Two clients write, each at a process that knows what it knows, while an index may be filled; then everybody asks.
    async fn go(
        &self,
        writers: [usize; 2],
        stretch: Stretch,
        index: Option<&ValueIndex>,
    ) -> Result<FillStep, TestCaseError> {
        let fill = async {
            match index {
                None => FillStep::Complete,
                Some(index) => {
                    let (slug, now) = (&self.known[0].slug, self.world.clock.now());
                    self.world.store.work().fill_index(slug, index, now).await.unwrap()
                }
            }
        };
        let first = self.write_all(&self.known[writers[0]], stretch.writes);
        let others = self.write_all(&self.known[writers[1]], stretch.others);
        let (step, (), ()) = tokio::join!(fill, first, others);
        let there: Vec<Shown> = self.everybody().await.into_iter().map(|view| Shown::new(self.world, view)).collect();
        for (index, question) in stretch.questions.iter().enumerate() {
            let query = question.query(self.world);
            let (total, views) = question.answer(&query, &there);
            let expected = (total, views.into_iter().map(brief).collect::<Vec<_>>());
            // Who knows everything, and one after another of those that do not.
            for tenant in [self.known.last(), self.known.get(index % 3)].into_iter().flatten() {
                let mut read = self.world.store.read(&tenant.scope()).await.unwrap();
                let page = read.list(&Kind::USER, &query).await.unwrap();
                let found = (page.total, page.views.iter().map(brief).collect::<Vec<_>>());
                prop_assert_eq!(&found, &expected, "{:?} with {:?}", question, &tenant.indexes);
            }
        }
        Ok(step)
    }

    async fn write_all(&self, tenant: &Tenant, writes: Vec<Write>) {
        for write in writes {
            self.world.clock.advance_seconds(1);
            match self.write(&self.world.cx(tenant), write).await {
                Ok(()) | Err(Error::NotFound(_) | Error::Invalid(_) | Error::Store(StoreError::Taken { .. })) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
    }

    async fn write(&self, cx: &OpContext, write: Write) -> Result<(), Error> {
        let provisioning = &self.world.provisioning;
        match write {
            Write::Create(new) => {
                let view = self.world.create(cx, &Kind::USER, new).await?;
                self.users.lock().unwrap().push(view.stored.id);
            }
            Write::Replace(user, new) => {
                let new = validated(self.world, new)?;
                provisioning.replace(cx, &self.target(user), new, None, Show::Version).await?;
            }
            Write::Delete(user) => provisioning.delete(cx, &self.target(user), None).await?,
        }
        Ok(())
    }

    fn target(&self, user: Index) -> Target {
        Target { kind: Kind::USER, id: *user.get(&self.users.lock().unwrap()) }
    }

    /// All users, in order of creation.
    async fn everybody(&self) -> Vec<View> {
        let mut read = self.world.store.read(&self.known[0].scope()).await.unwrap();
        let page = read.list(&Kind::USER, &ListQuery { limit: 10_000, ..ListQuery::default() }).await.unwrap();
        assert_eq!(page.total, page.views.len() as u64);
        page.views
    }

    /// The indexes hold what they hold when they are filled while nobody writes: no more and no less.
    async fn check_index(&self, paths: &[&str]) -> Result<(), TestCaseError> {
        let (world, tenant) = (self.world, &self.known[0]);
        let calm = world.tenant(&format!("{}-calm", tenant.slug)).await;
        copy(self.raw, &["resource"], tenant, &calm).await;
        register(world, &calm, paths).await;
        for (slug, index) in world.store.work().open_indexes().await.unwrap() {
            while world.store.work().fill_index(&slug, &index, world.clock.now()).await.unwrap() == FillStep::Going {}
        }
        for path in paths {
            let sql = "SELECT key, resource_id FROM resource_value WHERE tenant_id = $1 AND path = $2";
            let rows = async |tenant: &Tenant| -> BTreeSet<(String, Uuid)> {
                self.raw.rows(sql, [tenant.id.0.into(), (*path).into()]).await.into_iter().collect()
            };
            let (found, expected) = (rows(tenant).await, rows(&calm).await);
            let differing: Vec<_> = found.symmetric_difference(&expected).collect();
            prop_assert!(differing.is_empty(), "{}: {:?} of {:?}", path, differing, found.difference(&expected));
        }
        Ok(())
    }
}

/// Rows of one tenant, once more for another.
async fn copy(raw: &Raw, tables: &[&str], from: &Tenant, to: &Tenant) {
    for table in tables {
        let columns = match *table {
            "resource" => {
                "kind, id, unique_key, external_key, display_key, display, version, created_us, modified_us, doc"
            }
            "resource_value" => "kind, path, key, resource_id",
            _ => "kind, id, delta, changes",
        };
        let sql = format!(
            "INSERT INTO {table} (tenant_id, {columns}) SELECT $1, {columns} FROM {table} WHERE tenant_id = $2"
        );
        raw.run(&sql, [to.id.0.into(), from.id.0.into()]).await;
    }
}

fn validated(world: &World, mut new: Value) -> Result<Validated, Error> {
    let used = ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE];
    new["schemas"] = json!(used);
    Ok(validate::document(world.types.get(&Kind::USER)?, new)?)
}
