//! `rollcall person erase`, with the real binary beside a server.

use testkit::db::texts;
use testkit::{EmptyDatabase, on_both_databases};

use super::{PUBLIC_URL, open_tenant};
use crate::binary::Home;
use crate::patience::until;

on_both_databases! { EmptyDatabase:
    a_person_is_erased_while_the_server_runs_and_the_log_does_not_bring_the_name_back,
}

const NAME: &str = "ada@acme.example";

async fn a_person_is_erased_while_the_server_runs_and_the_log_does_not_bring_the_name_back(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", PUBLIC_URL);
    let token = open_tenant(&home, "acme");
    let running = home.serve();
    let caller = running.caller("acme", &token);
    let ada = caller.create_user(NAME).await.expect(201).json();
    let id = ada["id"].as_str().unwrap();
    caller.search("/Users", &format!("userName eq \"{NAME}\"")).await.expect(200);
    let log = match database.target().activity_file() {
        Some(path) => storage::Target::Sqlite { path },
        None => database.target().clone(),
    };
    let logged =
        async |column: &str| texts(&log, &format!("SELECT coalesce({column}, '') FROM activity")).await.concat();
    let named = |text: &str| text.replace("%40", "@").contains(NAME);
    until("the log to be written", async || named(&logged("path").await).then_some(())).await;

    let refused = home.refused(&["person", "erase", "--tenant", "acme", NAME]);
    assert!(refused.contains("say --yes"), "{refused}");
    let erased = home.json(&["person", "erase", "--tenant", "acme", NAME, "--yes"]);
    assert_eq!((&erased["id"], &erased["deleted"]), (&ada["id"], &true.into()));
    assert!(erased["facts"].as_u64().unwrap() >= 2 && erased["activity"].as_u64().unwrap() >= 2, "{erased}");
    caller.get(&format!("/Users/{id}")).await.expect(404);
    let people = caller.get("/Users").await.expect(200).json();
    assert_eq!(people["totalResults"], 0);
    let rows = "SELECT path || coalesce(who_name, '') || coalesce(target_name, '') FROM activity";
    assert!(!named(&texts(&log, rows).await.concat()));
    let bodies = "SELECT coalesce(request, '') || coalesce(response, '') FROM activity_body";
    assert!(!named(&texts(&log, bodies).await.concat()));
    assert!(!texts(database.target(), "SELECT coalesce(body, '') FROM fact_payload").await.concat().contains(NAME));
    let again = home.refused(&["person", "erase", "--tenant", "acme", NAME, "--yes"]);
    assert!(again.contains("was not found in acme"), "{again}");
    let text = home.text(&["person", "erase", "--tenant", "acme", id, "--yes"]);
    assert!(text.contains("is erased from the logs"), "{text}");
}
