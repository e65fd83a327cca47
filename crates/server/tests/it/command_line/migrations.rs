//! `rollcall migrate`

use std::process::Stdio;

use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::Home;

on_both_databases! { EmptyDatabase:
    migrating_says_what_it_did_and_where_the_schema_stands,
    several_processes_may_migrate_an_empty_database_at_once,
    several_servers_may_start_on_an_empty_database_at_once,
}

async fn migrating_says_what_it_did_and_where_the_schema_stands(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let status = home.text(&["migrate", "status"]);
    assert!(status.starts_with("pending: m0001_"), "{status}");
    assert!(!status.contains("applied"), "{status}");
    let applied = home.text(&["migrate"]);
    assert!(applied.starts_with("applied m0001_"), "{applied}");
    assert_eq!(home.text(&["migrate", "up"]), "the schema is up to date\n");
    let status = home.text(&["migrate", "status"]);
    assert!(status.starts_with("applied: m0001_") && !status.contains("pending"), "{status}");
}

async fn several_processes_may_migrate_an_empty_database_at_once(database: &EmptyDatabase) {
    let home = Home::on(database.target());
    let start = |_| {
        let mut command = home.command(&["migrate"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = (0..6).map(start).collect();
    let ended: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    let said = |text: &str| ended.iter().filter(|ended| ended.stdout.starts_with(text.as_bytes())).count();
    assert!(ended.iter().all(|ended| ended.status.success()), "{ended:?}");
    assert_eq!((said("applied m0001_"), said("the schema is up to date")), (1, 5), "{ended:?}");
    home.text(&["tenant", "create", "acme", "--with-token"]);
}

async fn several_servers_may_start_on_an_empty_database_at_once(database: &EmptyDatabase) {
    let homes: Vec<_> = (0..3).map(|_| Home::on(database.target())).collect();
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = homes.iter().map(|home| scope.spawn(|| home.serve())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    // One installation, whose tokens are good at each of them.
    let made = homes[0].json(&["tenant", "create", "acme", "--with-token"]);
    for running in &servers {
        let caller = running.caller("acme", made["token"].as_str().unwrap());
        caller.get("/Users").await.expect(200);
    }
}

#[test]
fn without_leave_to_migrate_a_server_says_what_is_missing() {
    let home = Home::empty().set("ROLLCALL__HTTP__PORT", "0").set("ROLLCALL__DATABASE__MIGRATE_ON_START", "false");
    let refused = home.refused::<&str>(&["serve"]);
    assert!(refused.contains("m0001_") && refused.contains("run `rollcall migrate`"), "{refused}");
    home.text(&["migrate"]);
    home.serve().stop();
}
