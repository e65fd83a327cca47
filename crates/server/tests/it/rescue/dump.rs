//! PostgreSQL's own way: `pg_dump` and `pg_restore`, as docs/guides/rescue.md tells.

use std::process::Command;

use storage::Target;
use testkit::EmptyDatabase;
use testkit::db::statement;
use testkit::servers::find;

use super::{PUBLIC_URL, answers, finding, open_tenant};
use crate::binary::{Home, finish};

/// A program that comes with PostgreSQL, beside the server's or on the search path.
fn program(name: &str) -> Command {
    let beside = find::postgres().map(|programs| programs.bin.join(name)).filter(|program| program.is_file());
    Command::new(beside.or_else(|| find::on_path(name)).expect("PostgreSQL's own programs"))
}

fn url(target: &Target) -> &str {
    match target {
        Target::Postgres { url } => url,
        Target::Sqlite { .. } => unreachable!("this is about PostgreSQL"),
    }
}

/// The same database, for somebody else who logs in.
fn as_role(target: &Target, role: &str) -> String {
    let mut address: url::Url = url(target).parse().unwrap();
    address.set_username(role).unwrap();
    address.set_password(Some("secret")).unwrap();
    address.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_with_row_level_security_comes_back_in_another_database_and_answers_the_same() {
    let (database, other) = (EmptyDatabase::postgres().await, EmptyDatabase::postgres().await);
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", PUBLIC_URL);
    let (token, second) = (open_tenant(&home, "acme"), open_tenant(&home, "globex"));
    let running = home.serve();
    let caller = running.caller("acme", &token);
    for number in 0..30 {
        caller.create_user(&format!("user-{number}")).await.expect(201);
    }
    running.caller("globex", &second).create_user("theirs").await.expect(201);
    let before = answers(&caller).await;

    // Whoever dumps has to be free of row-level security, which holds for the owner of the tables too.
    let role = format!("dumper_{}", std::process::id());
    statement(database.target(), &format!("CREATE ROLE {role} LOGIN BYPASSRLS PASSWORD 'secret'")).await;
    statement(database.target(), &format!("GRANT pg_read_all_data TO {role}")).await;
    let file = home.path("rollcall.dump");
    let mut dump = program("pg_dump");
    dump.args(["--format=custom", "--file"]).arg(&file).arg(as_role(database.target(), &role));
    let ended = finish(dump);
    assert!(ended.status.success(), "{ended:?}");
    running.stop();

    // As the owner of the new database, who is no superuser.
    let owner = format!("owner_{}", std::process::id());
    statement(other.target(), &format!("CREATE ROLE {owner} LOGIN PASSWORD 'secret'")).await;
    statement(other.target(), &format!("GRANT rollcall_tenant, rollcall_operator TO {owner}")).await;
    let name = url(other.target()).rsplit('/').next().unwrap();
    statement(other.target(), &format!("ALTER DATABASE {name} OWNER TO {owner}")).await;
    let mut restore = program("pg_restore");
    restore.args(["--exit-on-error", "--no-owner", "--dbname", &as_role(other.target(), &owner)]).arg(&file);
    let ended = finish(restore);
    assert!(ended.status.success(), "{ended:?}");
    let there = Home::on(other.target()).set("ROLLCALL__PUBLIC_URL", PUBLIC_URL);
    let running = there.serve();
    let caller = running.caller("acme", &token);
    assert_eq!(answers(&caller).await, before);
    assert_eq!(running.caller("acme", &second).get("/Users").await.status, 401, "the walls came back too");
    caller.create_user("one-more").await.expect(201);
    let examined = there.run(&["doctor", "--json"]);
    let examined: serde_json::Value = serde_json::from_str(&examined.out).unwrap();
    assert_eq!(finding(&examined, "policies")["mark"], "ok", "{examined}");
    assert_eq!(finding(&examined, "schema")["mark"], "ok", "{examined}");
}
