//! Who gets in: every route of the SCIM face × every kind of caller, in both forms of address; and every page.

mod callers;
mod clients;
mod pages;
mod rows;
mod table;

use std::collections::BTreeSet;

use domain::tenant::ProvisioningState;
use scim_api::ROUTES;
use serde_json::json;
use testkit::on_both_databases;

use crate::caller::{Answer, Caller, SCIM_JSON, group};
use crate::served::Served;
use callers::{Town, hosted, strangers};
use rows::{Row, rows};

#[test]
fn every_route_of_the_server_is_in_the_table() {
    let served: BTreeSet<_> = ROUTES.iter().map(|route| (route.method.as_str(), route.path)).collect();
    let rows = rows("u", "g");
    let walled: BTreeSet<_> = rows.iter().filter_map(|row| Some((row.method.as_str(), row.route?))).collect();
    assert_eq!(walled, served, "left: rows of walls/rows.rs; right: scim_api::ROUTES");
}

on_both_databases! { Served:
    strangers_all_get_the_very_same_401,
    an_access_token_opens_every_route_of_its_tenant,
    the_token_endpoint_gives_strangers_one_and_the_same_answer,
    a_tenant_that_is_closed_says_so_to_its_own_token_and_to_nobody_else,
    a_good_token_opens_every_route_of_its_tenant,
    what_belongs_to_another_tenant_is_not_found,
    another_tenants_people_are_in_no_list_and_can_be_in_no_group,
}

async fn strangers_all_get_the_very_same_401(served: &Served) {
    let town = Town::settle(served).await;
    let first = Caller::new(&served.base("acme")).get("/Users").await.expect_error(401);
    assert_eq!(first.header("www-authenticate"), Some("Bearer realm=\"scim\""));
    let strangers = strangers(served, &town).await;
    for row in rows(&town.user, &town.group) {
        for (who, stranger) in &strangers {
            let answer = row.send(stranger).await;
            assert_eq!(told(&answer), told(&first), "{who} sends {row}");
        }
    }
    town.expect_untouched().await;
}

async fn an_access_token_opens_every_route_of_its_tenant(served: &Served) {
    let (acme, _) = served.open_tenant("acme").await;
    let token = clients::access_token(served, "acme", &clients::client(served, &acme).await).await;
    for row in rows("01a20ae5-0000-7000-8000-000000000000", "01a20ae5-0000-7000-8000-000000000000") {
        let answer = row.send(&served.caller("acme", &token)).await;
        assert!(![401, 403, 500].contains(&answer.status), "{row}: {answer:?}");
    }
}

async fn the_token_endpoint_gives_strangers_one_and_the_same_answer(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let (other, _) = served.open_tenant("other").await;
    let (own, foreign) = (clients::client(served, &acme).await, clients::client(served, &other).await);
    let secret = own.secret.reveal();
    assert_eq!(clients::ask(served, "acme", own.client.id, &secret).await.0, 200);
    let first = clients::ask(served, "acme", own.client.id, "wrong").await;
    assert_eq!(first.0, 401, "{}", first.1);
    for (who, slug, id, secret) in [
        ("another tenant's client", "acme", foreign.client.id, foreign.secret.reveal()),
        ("another tenant's secret", "acme", own.client.id, foreign.secret.reveal()),
        ("the client elsewhere", "other", own.client.id, secret.clone()),
        ("the client at nobody's", "nobody", own.client.id, secret.clone()),
        ("a provisioning token", "acme", own.client.id, token.clone()),
        ("a secret cut short", "acme", own.client.id, secret[..secret.len() - 1].to_owned()),
    ] {
        assert_eq!(clients::ask(served, slug, id, &secret).await, first, "{who}");
    }
}

async fn a_tenant_that_is_closed_says_so_to_its_own_token_and_to_nobody_else(served: &Served) {
    let (off, off_token) = served.open_tenant("off").await;
    served.switch(&off, ProvisioningState::Off).await;
    let (paused, paused_token) = served.open_tenant("paused").await;
    served.switch(&paused, ProvisioningState::Paused).await;
    let (suspended, suspended_token) = served.open_tenant("suspended").await;
    served.suspend(&suspended).await;
    // Suspension is the vendor's word and goes before the tenant's own switch.
    let (both, both_token) = served.open_tenant("both").await;
    served.switch(&both, ProvisioningState::Paused).await;
    served.suspend(&both).await;

    let closed = [
        ("off", &off_token, 403, "switched off"),
        ("paused", &paused_token, 503, "paused"),
        ("suspended", &suspended_token, 403, "suspended"),
        ("both", &both_token, 403, "suspended"),
    ];
    for (slug, token, status, word) in closed {
        let insiders =
            [served.caller(slug, token), hosted(served, slug).with("authorization", &format!("Bearer {token}"))];
        let outsiders = [Caller::new(&served.base(slug)), hosted(served, slug), served.caller(slug, "scim_bad")];
        for row in rows("0", "0") {
            for insider in &insiders {
                let answer = row.send(insider).await.expect_error(status);
                assert!(answer.body.contains(word), "{slug}: {row}: {answer:?}");
                assert_eq!(answer.header("retry-after").is_some(), status == 503, "{slug}: {row}: {answer:?}");
            }
            for outsider in &outsiders {
                row.send(outsider).await.expect_error(401);
            }
        }
    }
}

async fn a_good_token_opens_every_route_of_its_tenant(served: &Served) {
    let town = Town::settle(served).await;
    for caller in [town.acme.clone(), town.acme_hosted.clone()] {
        let (user, group) = town.newcomers(&caller).await;
        for row in rows(&user, &group) {
            let answer = row.send(&caller).await;
            assert_eq!(answer.status, row.let_in, "{row}: {answer:?}");
            let expected = (answer.status != 204).then_some(SCIM_JSON);
            assert_eq!(answer.header("content-type"), expected, "{row}");
        }
    }
    // The scheme is read in any case (RFC 9110 §11.1).
    let lower = town.acme.clone().with("authorization", &format!("bearer {}", town.token));
    lower.get("/Users").await.expect(200);
}

async fn what_belongs_to_another_tenant_is_not_found(served: &Served) {
    let town = Town::settle(served).await;
    let theirs = rows(&town.user, &town.group);
    let of_one: Vec<&Row> = theirs.iter().filter(|row| row.names_a_resource()).collect();
    assert_eq!(of_one.len(), 8, "four methods for a user and a group");
    for caller in [&town.other, &town.other_hosted] {
        for row in &of_one {
            let foreign = row.send(caller).await.expect_error(404);
            // not even to somebody who knows its version
            for condition in ["if-match", "if-none-match"] {
                let knowing = caller.clone().with(condition, "W/\"1\"");
                assert_eq!(row.send(&knowing).await.expect_error(404).body, foreign.body, "{row}");
            }
            // and not to be told from one that nobody has
            let nobodys = Row {
                path: row.path.replace(&town.user, NOBODYS).replace(&town.group, NOBODYS),
                body: row.body.clone(),
                method: row.method.clone(),
                ..**row
            };
            let nobodys = nobodys.send(caller).await.expect_error(404);
            let foreign = foreign.body.replace(&town.user, NOBODYS).replace(&town.group, NOBODYS);
            assert_eq!(foreign, nobodys.body, "{row}");
        }
    }
    town.expect_untouched().await;
}

/// In the shape of an id of ours.
const NOBODYS: &str = "01a20ae5-0000-7000-8000-000000000000";

async fn another_tenants_people_are_in_no_list_and_can_be_in_no_group(served: &Served) {
    let town = Town::settle(served).await;
    for path in ["/Users", "/Groups"] {
        assert_eq!(town.other.get(path).await.expect(200).json()["totalResults"], 0);
        for id in [&town.user, &town.group] {
            let found = town.other.search(path, &format!("id eq \"{id}\"")).await.expect(200);
            assert_eq!(found.json()["totalResults"], 0);
        }
    }
    let found = town.other.search("/Groups", &format!("members.value eq \"{}\"", town.user)).await;
    assert_eq!(found.expect(200).json()["totalResults"], 0);
    let refused = town.other.post("/Groups", &group("Thieves", &[&town.user])).await.expect_error(400);
    assert_eq!(refused.json()["scimType"], "invalidValue");
    let own = town.other.post("/Groups", &group("Own", &[])).await.expect(201).id();
    let add = json!([{"op": "add", "path": "members", "value": [{"value": town.user}]}]);
    town.other.patch(&format!("/Groups/{own}"), add).await.expect_error(400);
    // Names are a tenant's own too.
    town.other.create_user("ada@acme.example").await.expect(201);
    town.expect_untouched().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_every_tenant_there_is_health_and_nothing_else() {
    let served = Served::sqlite().await;
    let town = Town::settle(&served).await;
    for caller in [Caller::new(&served.root()), town.acme.clone().at(&served.root())] {
        assert_eq!(caller.get("/healthz").await.expect(200).json(), json!({"status": "ok"}));
        assert_eq!(caller.get("/readyz").await.expect(200).json(), json!({"status": "ready"}));
        for path in ["/", "/t", "/t/acme", "/t/acme/scim", "/t/acme/scim/v1/Users", "/Users", "/api/v1", "/scim"] {
            caller.get(path).await.expect_error(404);
        }
    }
}

/// Everything of an answer but its date, its request's id, and whether the body of the request was left unread.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let headers =
        answer.headers.iter().filter(|(name, _)| !["date", "x-request-id", "connection"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut headers: Vec<_> = headers.collect();
    headers.sort();
    (answer.status, answer.body.clone(), headers)
}
