//! Deep pages are those that reading from the beginning gives, while users come and go at several processes.

use std::cell::RefCell;

use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::ops::Target;
use domain::ports::IdGen as _;
use domain::store::{ListQuery, Store as _};
use domain::tenant::Tenant;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::prop_assert_eq;
use proptest::sample::{Index, select};
use proptest::test_runner::{TestCaseError, TestRunner};
use storage::SqlStore;
use testkit::db::TIMING;
use testkit::{World, on_both_databases};
use tokio::runtime::Handle;

use crate::asking::sort;
use crate::bulk;
use crate::cases;
use crate::raw::Raw;

on_both_databases! { World:
    deep_pages_follow_what_comes_and_goes,
}

/// More than what is read from its beginning, and than what lies between anchors.
const USERS: i64 = 2_700;

#[derive(Clone, Debug)]
enum Step {
    Create,
    Delete(Index),
    /// The counts are folded into one.
    Fold,
    Ask {
        /// Of which of two processes.
        second: bool,
        sort: Option<(&'static str, bool)>,
        offset: u64,
        limit: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let offset = prop_oneof![1_990..2_010_u64, 2_490..2_510_u64, 2_000..2_720_u64];
    let ask = |sort| {
        (any::<bool>(), sort, offset.clone(), select(vec![1, 5, 40]))
            .prop_map(|(second, sort, offset, limit)| Step::Ask { second, sort, offset, limit })
    };
    prop_oneof![
        2 => Just(Step::Create),
        2 => any::<Index>().prop_map(Step::Delete),
        1 => Just(Step::Fold),
        5 => ask(Just(None).boxed()),
        2 => ask(sort().boxed()),
    ]
}

/// A tenant with very many users, and two processes that serve it.
struct Place<'p> {
    world: &'p World,
    stores: [SqlStore; 2],
    tenant: Tenant,
    /// In order of creation.
    there: RefCell<Vec<ResourceId>>,
}

async fn deep_pages_follow_what_comes_and_goes(world: &World) {
    let tenant = world.tenant("acme").await;
    let there = bulk::names(&Raw::of(world).await, &tenant, USERS).await;
    let second = SqlStore::connect(world.target(), TIMING).await.unwrap();
    let stores = [(*world.store).clone(), second];
    let place = Place { world, stores, tenant, there: RefCell::new(there) };
    let run = |steps| tokio::task::block_in_place(|| Handle::current().block_on(place.check(steps)));
    TestRunner::new(cases(6)).run(&vec(step(), 4..16), run).unwrap();
}

impl Place<'_> {
    async fn check(&self, steps: Vec<Step>) -> Result<(), TestCaseError> {
        for step in steps {
            let cx = self.world.cx(&self.tenant);
            match step {
                Step::Create => {
                    let name = self.world.ids.next(cx.now).to_string();
                    let user = self.world.user(&cx, &name).await;
                    self.there.borrow_mut().push(user.stored.id);
                }
                Step::Delete(user) => {
                    let index = user.index(self.there.borrow().len());
                    let id = self.there.borrow_mut().remove(index);
                    let target = Target { kind: Kind::USER, id };
                    self.world.provisioning.delete(&cx, &target, None).await.unwrap();
                }
                Step::Fold => drop(self.world.store.work().fold_counts(1).await.unwrap()),
                Step::Ask { second, sort, offset, limit } => self.ask(second, sort, offset, limit).await?,
            }
        }
        Ok(())
    }

    async fn ask(
        &self,
        second: bool,
        sort: Option<(&'static str, bool)>,
        offset: u64,
        limit: u64,
    ) -> Result<(), TestCaseError> {
        let sort = sort.map(|(path, descending)| self.world.sort(&Kind::USER, path, descending));
        let all = match sort {
            None => self.there.borrow().clone(),
            Some(_) => self.page(0, &ListQuery { sort: sort.clone(), limit: 10_000, ..ListQuery::default() }).await.1,
        };
        let query = ListQuery { sort, offset, limit, ..ListQuery::default() };
        let found = self.page(usize::from(second), &query).await;
        let (skipped, taken) = (usize::try_from(offset).unwrap(), usize::try_from(limit).unwrap());
        let page: Vec<ResourceId> = all.iter().skip(skipped).take(taken).copied().collect();
        prop_assert_eq!(found, (all.len() as u64, page), "{:?}", query);
        Ok(())
    }

    async fn page(&self, store: usize, query: &ListQuery) -> (u64, Vec<ResourceId>) {
        let mut read = self.stores[store].read(&self.tenant.scope()).await.unwrap();
        let page = read.list(&Kind::USER, query).await.unwrap();
        (page.total, page.views.iter().map(|view| view.stored.id).collect())
    }
}
