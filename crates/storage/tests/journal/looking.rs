//! People who look through a directory of 100,000 and its journal cost no more rows than they see, by and large.

use std::sync::Arc;

use domain::audit::{AuditFilter, By};
use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::ops::{AsOf, Audit, Directory, Looking, Order, Reach, Standing};
use domain::ports::Clock as _;
use domain::store::Store;
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use storage::SqlStore;
use testkit::db::TIMING;
use testkit::{TestIds, World};

use crate::bulk;
use crate::plans::{Plan, Plans};
use crate::raw::Raw;

const PAGE: u64 = 50;

/// Who is inactive.
const INACTIVE: i64 = 5_000;

/// More than are planned with their values.
const TIMES: usize = 7;

/// The facts that a provider made.
const CHANGES: i64 = 10_000;

/// `group` is one with 100,000 members.
pub async fn assert_people_look_at_few_rows(world: &World, raw: &Raw, acme: &Tenant, group: ResourceId, plans: &Plans) {
    let wanted = ValueIndex { kind: Kind::USER, path: "active".to_owned(), state: IndexState::Filling };
    world.store.work().register_index(&acme.slug, &wanted, world.clock.now()).await.unwrap();
    bulk::fill(raw, acme, INACTIVE, "active", "'false'").await;
    world.number_facts().await;
    bulk::changes(raw, acme, CHANGES).await;
    raw.run("ANALYZE", []).await;
    let store: Arc<dyn Store> = Arc::new(SqlStore::connect(world.target(), TIMING).await.unwrap());
    let acme = store.find_admission(&acme.slug).await.unwrap().unwrap().tenant;
    let directory = Directory::new(store.clone(), world.wishes.clone());
    let audit = Audit::new(store, Arc::new(TestIds::default()));
    lists(&directory, &acme, group, plans).await;
    journal(&audit, &directory, &acme, plans).await;
}

async fn lists(directory: &Directory, acme: &Tenant, group: ResourceId, plans: &Plans) {
    let scope = acme.scope();
    let all = Looking { kind: Kind::USER, text: None, standing: None, order: Order::Name, after: None, limit: PAGE };
    let search = |text: &str| Looking { text: Some(text.to_owned()), ..all.clone() };
    for (looking, found, reach, most) in [
        (all.clone(), PAGE, Reach::Whole, 2 * PAGE),
        (Looking { order: Order::Changed, ..all.clone() }, PAGE, Reach::Whole, 2 * PAGE),
        (Looking { standing: Some(Standing::Active), ..all.clone() }, PAGE, Reach::Whole, 1_100),
        (Looking { standing: Some(Standing::Inactive), ..all.clone() }, PAGE, Reach::Whole, 4 * PAGE),
        (search("user 7777"), 11, Reach::Whole, 200),
        (search("mail7777"), 11, Reach::Whole, 200),
        // 100,000 user names and as many names begin like this.
        (search("user"), 100, Reach::TooMany, 1_000),
        (search("nobody"), 0, Reach::Whole, 20),
    ] {
        plans.take();
        for _ in 0..TIMES {
            let page = directory.look(&scope, &looking).await.unwrap();
            assert_eq!((page.resources.len() as u64, page.reach), (found, reach), "{looking:?}");
        }
        assert_each_time_at_most(most, plans, &format!("{looking:?}"));
    }
    plans.take();
    for _ in 0..TIMES {
        directory.counts(&scope, &Kind::USER).await.unwrap();
        let first = directory.members(&scope, group, None, PAGE).await.unwrap();
        let next = directory.members(&scope, group, first.next, PAGE).await.unwrap();
        assert_eq!(next.members.len() as u64, PAGE);
        directory.sizes(&scope, &[group]).await.unwrap();
    }
    assert_each_time_at_most(3_000, plans, "counts and members");
}

async fn journal(audit: &Audit, directory: &Directory, acme: &Tenant, plans: &Plans) {
    let scope = acme.scope();
    let providers = AuditFilter { by: By::Providers, ..AuditFilter::default() };
    let user = directory.look(&scope, &searched("user77@")).await.unwrap().resources[0].id;
    for (filter, most) in [
        (AuditFilter::default(), 50),
        (providers.clone(), 500),
        (AuditFilter { subject: Some(user.0), ..providers.clone() }, 50),
        (AuditFilter { to: Some(domain::timestamp::Timestamp::from_micros(1_700_000_000_000_000)), ..providers }, 500),
    ] {
        plans.take();
        for _ in 0..TIMES {
            audit.page(&scope, &filter, None, 50).await.unwrap();
        }
        assert_each_time_at_most(most, plans, &format!("{filter:?}"));
    }
    plans.take();
    for _ in 0..TIMES {
        directory.history(&scope, user, None, 50).await.unwrap();
        directory.past(&scope, user, AsOf::Number(i64::MAX)).await.unwrap();
    }
    assert_each_time_at_most(50, plans, "a person's history");
}

fn searched(text: &str) -> Looking {
    let text = Some(text.to_owned());
    Looking { kind: Kind::USER, text, standing: None, order: Order::Name, after: None, limit: PAGE }
}

/// Rows of all statements since the last look, shared by the times they were sent.
fn assert_each_time_at_most(most: u64, plans: &Plans, what: &str) {
    let plans: Vec<Plan> = plans.take();
    assert!(plans.len() >= TIMES, "{what}: {} statements were explained", plans.len());
    let scans: Vec<_> = plans.iter().flat_map(|plan| plan.scans().into_iter().map(move |scan| (scan, plan))).collect();
    let rows: u64 = scans.iter().map(|(scan, _)| scan.rows).sum();
    let worst = scans.iter().max_by_key(|(scan, _)| scan.rows).map(|(scan, plan)| (scan, plan.sql()));
    assert!(rows <= most * TIMES as u64, "{what}: {} rows each time; {worst:?}", rows / TIMES as u64);
}
