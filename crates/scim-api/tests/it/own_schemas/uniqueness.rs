//! Values that no two resources may share (RFC 7643 §7 `uniqueness`).

use futures_util::future::join_all;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{EMPLOYEE, with_devices, with_employees, worker};
use crate::face::Face;

on_both_databases! { Face:
    a_value_in_use_is_refused_and_free_again_afterwards,
    of_parallel_creates_with_one_value_one_wins,
    of_parallel_changes_to_one_value_one_wins,
    case_counts_where_the_schema_says_so,
}

fn badge(value: &str) -> Value {
    json!([{"op": "replace", "path": format!("{EMPLOYEE}:badge"), "value": value}])
}

async fn a_value_in_use_is_refused_and_free_again_afterwards(face: &Face) {
    with_employees(face).await;
    let ada = face.post("/Users", worker("ada", json!({"badge": "B-1"}))).await.created();
    let bob = face.post("/Users", worker("bob", json!({"badge": "B-2"}))).await.created();
    let (facts, before) = (face.facts(), face.get("/Users").await.json());
    for refused in [
        face.post("/Users", worker("cyd", json!({"badge": "b-1"}))).await,
        face.put(&bob, worker("bob", json!({"badge": "B-1"}))).await,
        face.patch(&bob, badge("B-1")).await,
    ] {
        let detail = refused.fails(409, "uniqueness");
        assert!(detail.contains("badge"), "{detail}");
    }
    assert_eq!((face.facts(), face.get("/Users").await.json()), (facts, before));
    // One's own value is no conflict, however it is written.
    face.patch(&ada, badge("b-1")).await.is(200);
    face.put(&ada, worker("ada", json!({"badge": "b-1", "floor": 1}))).await.is(200);

    face.patch(&ada, badge("B-3")).await.is(200);
    face.patch(&bob, badge("B-1")).await.is(200);
    face.patch(&bob, json!([{"op": "remove", "path": EMPLOYEE}])).await.is(200);
    face.patch(&ada, badge("B-1")).await.is(200);
    face.delete(&ada).await.is(204);
    face.post("/Users", worker("cyd", json!({"badge": "B-1"}))).await.is(201);
    // Who lacks a value shares nothing with others who lack it.
    face.post("/Users", worker("dan", json!({"floor": 1}))).await.is(201);
    face.post("/Users", worker("eve", json!({"floor": 1}))).await.is(201);
}

async fn of_parallel_creates_with_one_value_one_wins(face: &Face) {
    with_employees(face).await;
    for round in 0..10 {
        let names: Vec<String> = (0..4).map(|number| format!("user-{round}-{number}")).collect();
        let creates =
            names.iter().map(|name| face.post("/Users", worker(name, json!({"badge": format!("B-{round}")}))));
        let mut statuses: Vec<u16> = join_all(creates).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    }
    assert_eq!(face.get("/Users").await.total(), 10);
}

async fn of_parallel_changes_to_one_value_one_wins(face: &Face) {
    with_employees(face).await;
    let mut people = Vec::new();
    for number in 0..4 {
        people.push(face.post("/Users", worker(&format!("u{number}"), json!({"floor": 1}))).await.created());
    }
    for round in 0..10 {
        let value = format!("B-{round}");
        let changes = people.iter().map(|path| face.patch(path, badge(&value)));
        let mut statuses: Vec<u16> = join_all(changes).await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409]);
        assert_eq!(face.find("/Users", &format!("{EMPLOYEE}:badge eq \"{value}\"")).await.total(), 1);
    }
}

async fn case_counts_where_the_schema_says_so(face: &Face) {
    with_employees(face).await;
    face.post("/Users", worker("ada", json!({"code": "x"}))).await.is(201);
    face.post("/Users", worker("bob", json!({"code": "X"}))).await.is(201);
    face.post("/Users", worker("cyd", json!({"code": "X"}))).await.fails(409, "uniqueness");
    // Where it does not count, other ways to write a letter do not either.
    face.post("/Users", worker("dan", json!({"badge": "Straße"}))).await.is(201);
    face.post("/Users", worker("eve", json!({"badge": "STRASSE"}))).await.fails(409, "uniqueness");
    // However long a value is, all of it counts.
    let long = "x".repeat(3_000);
    face.post("/Users", worker("fay", json!({"badge": format!("{long}1")}))).await.is(201);
    face.post("/Users", worker("gus", json!({"badge": format!("{long}2")}))).await.is(201);
    face.post("/Users", worker("hal", json!({"badge": format!("{long}2")}))).await.fails(409, "uniqueness");
}

/// Values are the same when they compare as the same, however they are written.
#[tokio::test]
async fn values_that_are_no_text_are_unique_too() {
    let face = Face::sqlite().await;
    let attributes = json!([
        {"name": "number", "type": "integer", "uniqueness": "server"},
        {"name": "share", "type": "decimal", "uniqueness": "server"},
        {"name": "since", "type": "dateTime", "uniqueness": "server"},
    ]);
    let schema = json!({"id": EMPLOYEE, "name": "Employee", "attributes": attributes});
    super::declare(&face, super::extension("User", false, schema)).await.unwrap();
    let first = json!({"number": 7, "share": 1.0, "since": "2026-01-31T09:30:00+01:00"});
    face.post("/Users", worker("ada", first)).await.is(201);
    for taken in [json!({"number": 7}), json!({"share": 1}), json!({"since": "2026-01-31T08:30:00.000Z"})] {
        face.post("/Users", worker("bob", taken)).await.fails(409, "uniqueness");
    }
    let other = json!({"number": 8, "share": 1.5, "since": "2026-01-31T09:30:00Z"});
    face.post("/Users", worker("bob", other)).await.is(201);
}

#[tokio::test]
async fn two_types_may_share_a_value() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    with_devices(&face).await;
    face.post("/Users", worker("ada", json!({"badge": "1"}))).await.is(201);
    let thing = |serial: &str| super::thing(json!({"displayName": "D", "serial": serial}));
    face.post("/Devices", thing("1")).await.is(201);
    face.post("/Devices", thing("1")).await.fails(409, "uniqueness");
    face.post("/Devices", thing("2")).await.is(201);
}
