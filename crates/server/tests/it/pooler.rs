//! PgBouncer between the server and PostgreSQL.

mod bouncer;

use serde_json::Value;
use server::replay::run;
use testkit::db::{TestDatabase, statement};
use testkit::servers::{extras, say};

use crate::binary::Home;
use crate::crash::journal;
use crate::crash::ledger::Ledger;
use crate::crash::load::Load;
use crate::fleet::Fleet;
use crate::rescue::finding;
use crate::served::url;
use bouncer::{Bouncer, Mode};

/// Those of the role which `rollcall` is to work as behind a pooler, as docs/guides/scale-out.md says it.
const ONCE_AND_FOR_ALL: [&str; 4] = [
    "SET role = 'rollcall_tenant'",
    "SET statement_timeout = '20s'",
    "SET lock_timeout = '5s'",
    "SET idle_in_transaction_session_timeout = '5s'",
];

/// What the doctor says of something; gives its words.
fn expect(home: &Home, check: &str, mark: &str) -> String {
    let ended = tokio::task::block_in_place(|| home.run(&["doctor", "--json"]));
    let found: Value = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let finding = finding(&found, check);
    assert_eq!(finding["mark"], mark, "{found}");
    finding.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_session_mode_conversations_pass_and_nothing_is_lost_when_a_replica_is_killed() {
    let database = TestDatabase::postgres().await;
    let bouncer = Bouncer::start(database.target(), Mode::Session, &[]);
    let through = bouncer.url(database.target());
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", &through);
    expect(&home, "database", "ok");
    expect(&home, "policies", "ok");
    let mut fleet = Fleet::with(&[], |_| through.clone());
    let (token, played) = (fleet.open_tenant("acme"), fleet.open_tenant("played"));
    let base = fleet.balancer.base("played").parse().unwrap();
    let summary = run(&base, &played.into(), None, &mut ()).await.unwrap();
    assert!(summary.all_passed(), "{summary:?}");

    let caller = fleet.caller("acme", &token);
    let load = Load::start(&caller, Ledger::open(&caller).await);
    load.acknowledged(80).await;
    fleet.kill(1);
    load.acknowledged(80).await;
    fleet.revive(1);
    load.acknowledged(40).await;
    let mut ledger = load.end().await;
    ledger.audit(&caller).await;
    journal::audit(database.target(), &ledger).await;
    fleet.expect_no_error();
}

/// PgBouncer keeps prepared statements apart since 1.21. One that does not is refused when the server starts: that is what is
/// tried with an older one, such as Debian 12's; the first line of the output says which it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_transaction_mode_conversations_pass_since_1_21_and_an_older_pooler_is_refused_in_words() {
    let program = extras::pgbouncer().unwrap();
    let keeps_statements = program.version.reaches("1.21");
    let tried = if keeps_statements { "conversations" } else { "the refusal alone, for want of 1.21" };
    say(format_args!("PgBouncer {} in transaction mode: {tried}", program.version));
    let database = TestDatabase::postgres().await;
    let role = format!("bounced_{}", std::process::id());
    statement(
        database.target(),
        &format!("CREATE ROLE {role} LOGIN NOINHERIT IN ROLE rollcall_tenant, rollcall_operator"),
    )
    .await;
    let bouncer = Bouncer::start(database.target(), Mode::Transaction, &[&role]);
    let through = bouncer.url(database.target()).replace("rollcall_test@", &format!("{role}@"));
    let home = Home::empty()
        .set("ROLLCALL__DATABASE__URL", &through)
        .set("ROLLCALL__DATABASE__OWNER_URL", &url(database.target()))
        .set("ROLLCALL__HTTP__PORT", "0");
    let refused = home.refused(&["serve"]);
    assert!(refused.contains("pooler in transaction mode"), "{refused}");
    let found = expect(&home, "store", "bad");
    assert!(found.contains("pooler in transaction mode"), "{found}");
    for told in ONCE_AND_FOR_ALL {
        statement(database.target(), &format!("ALTER ROLE {role} {told}")).await;
    }
    // Connections that it has already were not told.
    drop(bouncer);
    let bouncer = Bouncer::start(database.target(), Mode::Transaction, &[&role]);
    let through = bouncer.url(database.target()).replace("rollcall_test@", &format!("{role}@"));
    let home = home.set("ROLLCALL__DATABASE__URL", &through);
    if keeps_statements {
        let running = home.serve();
        let token = home.json(&["tenant", "create", "acme", "--with-token"])["token"].as_str().unwrap().to_owned();
        let summary = run(&running.base("acme").parse().unwrap(), &token.into(), None, &mut ()).await.unwrap();
        assert!(summary.all_passed(), "{summary:?}");
        running.stop();
    } else {
        let refused = home.refused(&["serve"]);
        assert!(refused.contains("1.21") && refused.contains("prepared statement"), "{refused}");
    }
}
