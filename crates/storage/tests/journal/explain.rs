//! Looking for one user among 100,000 reads a handful of rows, by what PostgreSQL says of the statements that the store
//! sends, behind row-level security.

use std::time::Duration;

use domain::directory::Kind;
use domain::ports::Clock as _;
use domain::store::{ListQuery, Position, Store as _, StoreError};
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use storage::{SqlStore, Timing};
use testkit::World;
use testkit::db::TIMING;

use crate::bulk;
use crate::looking::assert_people_look_at_few_rows;
use crate::plans::{Plan, Plans};
use crate::raw::Raw;

const USERS: i64 = 100_000;

/// Too few for PostgreSQL to have counted them.
const NAMES: i64 = 2_000;

/// More than a prepared statement is planned with its values; afterwards PostgreSQL may plan it without them.
const TIMES: usize = 7;

/// Rows that a statement may look at, in all tables together.
const FEW: u64 = 40;

const EMPLOYEE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_found_among_a_hundred_thousand_by_a_handful_of_rows() {
    let world = World::postgres().await;
    let raw = Raw::of(&world).await;
    let plans = Plans::listen(&raw).await;
    let store = SqlStore::connect(world.target(), TIMING).await.unwrap();
    assert_deep_pages_are_read_once(&world, &raw, &store, &plans).await;

    let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
    bulk::users(&raw, &acme, USERS).await;
    bulk::users(&raw, &globex, USERS / 20).await;
    let group = world.group(&world.cx(&acme), "everybody", &[]).await;
    bulk::members(&raw, &acme, USERS, group.stored.id).await;
    for (path, key) in [(EMPLOYEE, "'e' || n"), ("phoneNumbers.value", "'+358 ' || n"), ("title", "'title ' || n / 5")]
    {
        let wanted = ValueIndex { kind: Kind::USER, path: path.to_owned(), state: IndexState::Filling };
        world.store.work().register_index(&acme.slug, &wanted, world.clock.now()).await.unwrap();
        bulk::fill(&raw, &acme, USERS, path, key).await;
    }
    raw.run("ANALYZE", []).await;

    let acme = store.find_admission(&acme.slug).await.unwrap().unwrap().tenant;
    assert!(acme.indexes.iter().all(|index| index.state == IndexState::Complete), "{:?}", acme.indexes);
    for (filter, found) in [
        ("userName eq \"USER777@example.com\"".to_owned(), 1),
        ("externalId eq \"ext-777\"".to_owned(), 1),
        ("emails[type eq \"work\" and value eq \"mail777@example.com\"]".to_owned(), 1),
        ("emails.value eq \"mail777@example.com\"".to_owned(), 1),
        ("userName eq \"nobody@example.com\"".to_owned(), 0),
        ("emails eq \"nobody@example.com\" and active eq true".to_owned(), 0),
        (format!("{EMPLOYEE} eq \"E777\""), 1),
        ("phoneNumbers.value eq \"+358 777\"".to_owned(), 1),
        ("title eq \"Title 777\"".to_owned(), 5),
        ("title eq \"Title 777\" and phoneNumbers.value eq \"+358 3887\"".to_owned(), 1),
    ] {
        plans.take();
        for _ in 0..TIMES {
            let query = ListQuery { limit: 100, groups: true, ..world.query(&Kind::USER, &filter).unwrap() };
            let page = store.read(&acme.scope()).await.unwrap().list(&Kind::USER, &query).await.unwrap();
            assert_eq!(page.total, found, "{filter}");
        }
        // The others are about connections.
        let plans: Vec<Plan> = plans.take().into_iter().filter(|plan| plan.sql().contains("\"resource\"")).collect();
        assert!(plans.len() >= TIMES, "{filter}: {} statements were explained", plans.len());
        for plan in &plans {
            assert_is_small(&filter, plan);
        }
    }
    assert_pages_from_a_place_cost_the_same(&world, &acme, &store, &plans).await;
    assert_people_look_at_few_rows(&world, &raw, &acme, group.stored.id, &plans).await;
    assert_a_slow_question_is_stopped(&world, &acme).await;
}

/// The page behind a cursor looks at its own resources, however deep it lies (RFC 9865).
async fn assert_pages_from_a_place_cost_the_same(world: &World, acme: &Tenant, store: &SqlStore, plans: &Plans) {
    const PAGE: u64 = 50;
    for path in [None, Some("userName"), Some("externalId"), Some("meta.lastModified")] {
        for descending in [false, true] {
            let sort = path.map(|path| world.sort(&Kind::USER, path, descending));
            let mut rows = Vec::new();
            for offset in [10, 99_000] {
                let query = ListQuery { sort: sort.clone(), offset, limit: 1, ..ListQuery::default() };
                let before = store.read(&acme.scope()).await.unwrap().list(&Kind::USER, &query).await.unwrap();
                let after = Position { key: before.keys[0].clone(), id: before.views[0].stored.id };
                let query = ListQuery { after: Some(after), offset: 0, limit: PAGE, ..query };
                plans.take();
                let page = store.read(&acme.scope()).await.unwrap().list(&Kind::USER, &query).await.unwrap();
                assert_eq!((page.total, page.views.len() as u64), (USERS.unsigned_abs(), PAGE));
                let looked_at = |plan: &Plan| plan.scans().iter().map(|scan| scan.rows).sum::<u64>();
                rows.push(plans.take().iter().map(looked_at).sum::<u64>());
            }
            assert!(rows.iter().all(|rows| *rows <= 3 * PAGE), "by {path:?}, descending {descending}: {rows:?}");
        }
    }
}

/// The database gives up what takes too long, and its connection answers the next question.
async fn assert_a_slow_question_is_stopped(world: &World, acme: &Tenant) {
    let timing = Timing { max_connections: 2, statement_timeout: Duration::from_millis(4), ..TIMING };
    let hurried = SqlStore::connect(world.target(), timing).await.unwrap();
    let ask = async |filter: &str| {
        let query = ListQuery { limit: 10, ..world.query(&Kind::USER, filter).unwrap() };
        hurried.read(&acme.scope()).await.unwrap().list(&Kind::USER, &query).await.map(|page| page.total)
    };
    for _ in 0..3 {
        assert_eq!(ask("userName co \"nobody\"").await, Err(StoreError::TooSlow));
    }
    let mut answers = Vec::new();
    while !answers.contains(&Ok(1)) && answers.len() < 200 {
        answers.push(ask("userName eq \"user777@example.com\"").await);
    }
    assert_eq!(answers.last(), Some(&Ok(1)), "a busy machine may need more than one attempt: {answers:?}");
}

fn assert_is_small(filter: &str, plan: &Plan) {
    let scans = plan.scans();
    let is_walk = scans.iter().any(|scan| scan.how == "Seq Scan" && scan.what != "tenant");
    let rows: u64 = scans.iter().map(|scan| scan.rows).sum();
    assert!(!scans.is_empty() && !is_walk && rows <= FEW, "{filter}: {scans:#?}\n{}", plan.sql());
}

/// Whatever PostgreSQL knows of the table: autovacuum comes when it likes.
async fn assert_deep_pages_are_read_once(world: &World, raw: &Raw, store: &SqlStore, plans: &Plans) {
    let tenant = world.tenant("new").await;
    let counts: [(&[&str], &[&str]); 3] = [(&[], &[]), (&[], &["ANALYZE"]), (&["VACUUM"], &[])];
    for (emptied, filled) in counts {
        raw.run("TRUNCATE resource, resource_count CASCADE", []).await;
        for sql in emptied {
            raw.run(sql, []).await;
        }
        bulk::names(raw, &tenant, NAMES).await;
        for sql in filled {
            raw.run(sql, []).await;
        }
        assert_a_deep_page_is_read_once(world, &tenant, store, plans).await;
    }
}

/// Once to find the page and once for its documents, where PostgreSQL takes the table for empty; never once for each of the
/// page.
async fn assert_a_deep_page_is_read_once(world: &World, tenant: &Tenant, store: &SqlStore, plans: &Plans) {
    for path in [None, Some("userName"), Some("externalId"), Some("meta.created")] {
        let sort = path.map(|path| world.sort(&Kind::USER, path, false));
        let query = ListQuery { sort, offset: 1_900, limit: 50, ..ListQuery::default() };
        plans.take();
        let page = store.read(&tenant.scope()).await.unwrap().list(&Kind::USER, &query).await.unwrap();
        assert_eq!((page.total, page.views.len()), (2_000, 50));
        let plans = plans.take();
        let scans = plans.iter().flat_map(Plan::scans);
        let of_resources = scans.filter(|scan| scan.what == "resource");
        let rows: u64 = of_resources.map(|scan| scan.rows).sum();
        assert!((50..=2 * NAMES.unsigned_abs()).contains(&rows), "by {path:?}: {rows} {plans:#?}");
    }
}
