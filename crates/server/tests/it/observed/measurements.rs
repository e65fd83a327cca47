//! `/metrics` of a server under some load.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use reqwest::Method;
use server::metrics::catalogue::{self, Kind};
use testkit::db::{TestDatabase, statement, texts};
use testkit::redis_url;

use super::scrape::Scrape;
use crate::binary::{Home, Running};
use crate::caller::Caller;
use crate::patience::until;

/// What only a tenant with an identity provider's certificate has; `server::metrics::tenants` tests it.
const NOT_HERE: &str = "rollcall_certificate_expires_timestamp_seconds";

fn home(database: &TestDatabase) -> Home {
    Home::on(database.target()).set("ROLLCALL__METRICS__PORT", "0").set("ROLLCALL__METRICS__TENANTS", "1")
}

/// A tenant whose token ends within 30 days.
fn tenant(home: &Home, slug: &str) -> String {
    home.json(&["tenant", "create", slug]);
    home.json(&["provisioning", "on", "--tenant", slug]);
    let token = home.json(&["token", "create", "--tenant", slug, "--expires", "20d"]);
    token["token"].as_str().unwrap().to_owned()
}

/// Asks for something of every kind.
async fn load(server: &Running, slug: &str, token: &str) {
    let caller = server.caller(slug, token);
    caller.create_user("ada").await.expect(201);
    caller.create_user("ada").await.expect(409);
    caller.get("/Users").await.expect(200);
    caller.get("/Users/ada@acme.example").await.expect(404);
    Caller::new(&server.base(slug)).get("/Users").await.expect(401);
    server.caller(slug, "not a token").get("/Users").await.expect(401);
    let root = Caller::new(&server.root);
    root.get("/readyz").await.expect(200);
    root.get(&format!("/t/{slug}/sign-in")).await.expect(200);
    root.get(&format!("/t/{slug}/sso/oidc/callback?state=nobody&code=x")).await.expect(422);
    root.get("/ada@acme.example").await.expect(404);
    root.send(&Method::from_bytes(b"ADA").unwrap(), "/healthz", None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_under_load_shows_what_the_catalogue_lists_and_nothing_else() {
    let database = TestDatabase::postgres().await;
    let home = home(&database).set("ROLLCALL__REDIS__URL", &redis_url().unwrap());
    let token = tenant(&home, "acme");
    let server = home.serve();
    let measurements = server.measurements();
    until("the tenant to be known", async || {
        Scrape::of(&measurements).await.sum("rollcall_database_up", &[]).filter(|up| *up > 0.0)
    })
    .await;
    load(&server, "acme", &token).await;

    let missing = async || {
        let shown: BTreeSet<String> = Scrape::of(&measurements).await.kinds.into_keys().collect();
        let listed = catalogue::ALL.iter().map(|metric| metric.name);
        listed.filter(|name| *name != NOT_HERE && !shown.contains(*name)).collect::<Vec<_>>()
    };
    until("everything to be shown", async || missing().await.is_empty().then_some(())).await;

    let scrape = Scrape::of(&measurements).await;
    for (name, kind) in &scrape.kinds {
        let listed = catalogue::ALL.iter().find(|metric| metric.name == name);
        let listed = listed.unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let expected = match listed.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        assert_eq!(kind, expected, "{name}");
        assert!(scrape.meanings.contains_key(name), "{name} has no meaning");
        let endings = ["", "_bucket", "_sum", "_count"];
        for series in endings.iter().flat_map(|ending| scrape.with(&format!("{name}{ending}"), &[])) {
            let labels: BTreeSet<&str> =
                series.labels.keys().map(String::as_str).filter(|label| *label != "le").collect();
            assert_eq!(labels, listed.labels.iter().copied().collect(), "{series:?}");
        }
    }
    expect_counts(&scrape);
}

/// What the load has left.
fn expect_counts(scrape: &Scrape) {
    let scim = |labels: &[(&str, &str)]| scrape.sum("rollcall_scim_requests_total", labels);
    let acme = ("tenant", "acme");
    assert_eq!(scim(&[acme, ("outcome", "done")]), Some(2.0));
    assert_eq!(scim(&[acme, ("outcome", "refused"), ("cause", "user_name_taken")]), Some(1.0));
    assert_eq!(scim(&[acme, ("outcome", "not_found")]), Some(1.0));
    assert_eq!(scim(&[acme, ("outcome", "not_let_in"), ("cause", "no_token")]), Some(1.0));
    assert_eq!(scim(&[acme, ("outcome", "not_let_in"), ("cause", "token_foreign")]), Some(1.0));
    assert_eq!(scrape.sum("rollcall_sso_sign_ins_total", &[acme, ("cause", "request_unknown")]), Some(1.0));

    let http = |labels: &[(&str, &str)]| scrape.sum("rollcall_http_requests_total", labels);
    let users = ("route", "/scim/v2/{endpoint}");
    assert_eq!(http(&[("face", "scim"), users, ("method", "POST"), ("status", "2xx")]), Some(1.0));
    assert_eq!(http(&[("face", "admin"), ("route", "/sign-in"), ("status", "2xx")]), Some(1.0));
    assert_eq!(http(&[("face", "none"), ("route", "none"), ("status", "4xx")]), Some(1.0));
    assert_eq!(http(&[("face", "probe"), ("method", "other")]), Some(1.0));
    let took = scrape.sum("rollcall_http_request_seconds_count", &[("face", "scim"), users, ("method", "POST")]);
    assert_eq!(took, Some(2.0));
    let seen = format!("{:?}", scrape.series);
    assert!(!seen.contains("ada@"), "what was sent is in a label");

    for (name, expected) in [("rollcall_redis_up", 1.0), ("rollcall_database_up", 1.0), ("rollcall_facts_waiting", 0.0)]
    {
        assert_eq!(scrape.sum(name, &[]), Some(expected), "{name}");
    }
    let pools = scrape.values("rollcall_database_connections_max", "pool");
    assert_eq!(pools, BTreeSet::from(["statements", "transactions"]));
    assert_eq!(scrape.sum("rollcall_database_connections_max", &[]), Some(15.0), "one more only pings");
    let ends = scrape.sum("rollcall_secret_expires_timestamp_seconds", &[acme]).unwrap();
    let started = scrape.sum("rollcall_process_start_timestamp_seconds", &[]).unwrap();
    assert!((19.0..21.0).contains(&((ends - started) / 86_400.0)), "{ends}");
    assert_eq!(scrape.sum("rollcall_worker_failures_total", &[]), Some(0.0));
    assert_eq!(scrape.values("rollcall_mails_total", "outcome"), BTreeSet::from(["put_off", "refused", "sent"]));
    let runbook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks/rollcall-worker-stuck.md");
    let runbook = fs::read_to_string(runbook).unwrap();
    let workers = scrape.values("rollcall_worker_last_success_timestamp_seconds", "worker");
    assert!(workers.len() > 20, "{workers:?}");
    for worker in workers {
        assert!(runbook.contains(&format!("`{worker}`")), "the page of RollcallWorkerStuck does not know {worker}");
    }
}

/// How whoever holds the rows is found again.
const MARK: &str = "pg_sleep(63)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_whose_connections_are_all_in_use_is_neither_away_nor_unready() {
    let database = TestDatabase::postgres().await;
    // One of them is for transactions, which all who want a lease need.
    let limits = [("ROLLCALL__DATABASE__MAX_CONNECTIONS", "4"), ("ROLLCALL__DATABASE__LOCK_TIMEOUT_MS", "60000")];
    let home = limits.iter().fold(home(&database), |home, (name, value)| home.set(name, value));
    let server = home.serve();
    let (measurements, root) = (server.measurements(), Caller::new(&server.root));
    until("the first look", async || {
        Scrape::of(&measurements).await.sum("rollcall_database_up", &[]).filter(|up| *up > 0.0)
    })
    .await;
    let target = database.target().clone();
    let hold = format!("BEGIN; LOCK TABLE worker_lease IN ACCESS EXCLUSIVE MODE; SELECT {MARK}; ROLLBACK");
    let holding = tokio::spawn(async move { statement(&target, &hold).await });
    let observer = [("worker", "observer")];
    until("a look that finds no connection", async || {
        root.get("/readyz").await.expect(200);
        let scrape = Scrape::of(&measurements).await;
        assert_eq!(scrape.sum("rollcall_database_up", &[]), Some(1.0));
        scrape.sum("rollcall_worker_failures_total", &observer).filter(|failures| *failures > 0.0)
    })
    .await;
    let scrape = Scrape::of(&measurements).await;
    let in_use = [("pool", "transactions"), ("state", "in_use")];
    assert_eq!(scrape.sum("rollcall_database_connections", &in_use), Some(1.0));
    assert_eq!(scrape.sum("rollcall_database_up", &[]), Some(1.0));
    holding.abort();
    let end = format!(
        "SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
         WHERE query LIKE '%{MARK}%' AND pid <> pg_backend_pid()"
    );
    assert_eq!(texts(database.target(), &end).await, ["true"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_beyond_those_that_are_told_apart_share_a_label_and_made_up_ones_get_none() {
    let database = TestDatabase::sqlite().await;
    let home = home(&database);
    let tokens = [tenant(&home, "acme"), tenant(&home, "globex")];
    let server = home.serve();
    let measurements = server.measurements();
    until("the tenants to be known", async || {
        Scrape::of(&measurements).await.sum("rollcall_database_up", &[]).filter(|up| *up > 0.0)
    })
    .await;
    for (slug, token) in ["acme", "globex"].iter().zip(&tokens) {
        server.caller(slug, token).get("/Users").await.expect(200);
    }
    for slug in ["made-up-1", "made-up-2"] {
        server.caller(slug, &tokens[0]).get("/Users").await.expect(401);
    }
    let scrape = Scrape::of(&measurements).await;
    assert_eq!(scrape.values("rollcall_scim_requests_total", "tenant"), BTreeSet::from(["acme", "other"]));
    let not_let_in = [("tenant", "other"), ("outcome", "not_let_in"), ("cause", "not_let_in")];
    assert_eq!(scrape.sum("rollcall_scim_requests_total", &not_let_in), Some(2.0));
    assert_eq!(scrape.with("rollcall_redis_up", &[]).len(), 0, "there is no Redis");
    measurements.get("/").await.expect(404);
    measurements.get("/healthz").await.expect(404);
    Caller::new(&server.root).get("/metrics").await.expect(404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_port_nothing_is_shown_and_a_taken_one_stops_the_start() {
    let home = Home::empty();
    let server = home.serve();
    assert!(!server.log().contains("measurements are shown"), "{}", server.log());
    let taken = server.root.rsplit_once(':').unwrap().1.to_owned();
    let other = Home::empty().set("ROLLCALL__HTTP__PORT", "0").set("ROLLCALL__METRICS__PORT", &taken);
    let sentence = other.refused::<&str>(&[]);
    assert!(sentence.contains("choose another metrics.host or metrics.port"), "{sentence}");
    assert!(!other.path("rollcall-data").exists(), "nothing was made");
}
