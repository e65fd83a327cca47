//! As deploy/README.md says it: a role that owns the tables and is no superuser, and one that serves and owns nothing.

use testkit::db::{statement, texts};

use crate::binary::Home;
use crate::crash::postgres::MortalPostgres;

const ROLES: [&str; 3] = [
    "CREATE ROLE rollcall_owner LOGIN CREATEROLE",
    "CREATE ROLE rollcall_app LOGIN NOINHERIT",
    "CREATE DATABASE rollcall OWNER rollcall_owner",
];

/// On a server of its own, where nobody has made the roles of row-level security before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_is_no_superuser_migrates_and_splits_and_who_owns_nothing_serves() {
    let postgres = MortalPostgres::start();
    for role in ROLES {
        statement(&postgres.target(), role).await;
    }
    let url = |user: &str| format!("postgres://{user}@{}/rollcall", postgres.address());
    let home = Home::empty()
        .set("ROLLCALL__DATABASE__URL", &url("rollcall_app"))
        .set("ROLLCALL__DATABASE__OWNER_URL", &url("rollcall_owner"));
    let running = home.serve();
    let mut people = Vec::new();
    for slug in ["acme", "globex", "initech"] {
        let token = home.json(&["tenant", "create", slug, "--with-token"])["token"].as_str().unwrap().to_owned();
        let ada = running.caller(slug, &token).create_user("ada").await.expect(201).id();
        people.push((slug, token, ada));
    }
    running.stop();
    let owner = storage::Target::Postgres { url: url("rollcall_owner") };
    assert_eq!(texts(&owner, "SELECT count(*)::text FROM tenant").await, ["3"], "what is to be migrated");
    assert!(home.text(&["migrate", "partition", "--parts", "4"]).starts_with("split into 4 parts: activity, "));
    assert!(home.text(&["migrate", "partition", "--parts", "4"]).starts_with("all "));
    assert!(home.refused(&["migrate", "partition", "--parts", "8"]).contains("4 parts already"));
    let running = home.serve();
    for (slug, token, ada) in &people {
        let caller = running.caller(slug, token);
        caller.get(&format!("/Users/{ada}")).await.expect(200);
        caller.create_user("ada").await.expect_error(409);
        caller.create_user("grace").await.expect(201);
        caller.delete(&format!("/Users/{ada}")).await.expect(204);
    }
    running.stop();
    let target = storage::Target::Postgres { url: url("rollcall_app") };
    let seen = texts(&target, "SELECT has_table_privilege('rollcall_app', 'resource', 'SELECT')::text").await;
    assert_eq!(seen, ["false"], "without working as rollcall_tenant it sees nothing");
}

/// As in a first try on a PostgreSQL of one's own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_role_that_owns_its_database_migrates_and_serves() {
    let postgres = MortalPostgres::start();
    for role in ROLES {
        statement(&postgres.target(), role).await;
    }
    let url = format!("postgres://rollcall_owner@{}/rollcall", postgres.address());
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", &url);
    let running = home.serve();
    let token = home.json(&["tenant", "create", "acme", "--with-token"])["token"].as_str().unwrap().to_owned();
    running.caller("acme", &token).create_user("ada").await.expect(201);
    running.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_who_would_not_see_what_it_migrates_is_told_what_to_do() {
    let postgres = MortalPostgres::start();
    statement(&postgres.target(), "CREATE ROLE rollcall_owner LOGIN CREATEROLE NOINHERIT").await;
    statement(&postgres.target(), "CREATE DATABASE rollcall OWNER rollcall_owner").await;
    let url = |user: &str| format!("postgres://{user}@{}/rollcall", postgres.address());
    let database =
        storage::Target::Postgres { url: format!("{}/rollcall", postgres.url().trim_end_matches("/postgres")) };
    statement(&database, "ALTER SCHEMA public OWNER TO rollcall_owner").await;
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", &url("rollcall_owner"));
    let said = home.refused(&["migrate"]);
    assert!(said.contains("ALTER ROLE … INHERIT"), "{said}");
}
