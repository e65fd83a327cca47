//! Names that mean something special elsewhere mean here what is declared.

use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{declare, extension, resource_type};
use crate::face::{Face, user};

on_both_databases! { Face:
    an_own_type_may_use_the_names_of_others,
    an_extension_may_use_the_names_of_the_core,
    an_extension_may_have_a_meta_of_its_own,
}

const TEAM: &str = "urn:example:own:1.0:Team";

fn special() -> Value {
    json!([
        {"name": "userName", "type": "string"},
        {"name": "members", "type": "string", "multiValued": true},
        {"name": "groups", "type": "integer"},
        {"name": "emails", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "type": "string", "caseExact": true},
        ]},
        {"name": "active", "type": "string"},
        {"name": "password", "type": "string"},
    ])
}

fn values(number: i64) -> Value {
    json!({
        "userName": format!("Team-{number}"), "members": ["x", format!("y{number}")], "groups": number,
        "emails": [{"value": format!("E{number}")}], "active": format!("on {number}"), "password": format!("open {number}"),
    })
}

const FILTERS: [(&str, &[i64]); 12] = [
    ("userName eq \"team-1\"", &[1]),
    ("userName sw \"TEAM\"", &[10, 9, 1]),
    ("members eq \"Y9\"", &[9]),
    ("members eq \"x\" and groups gt 9", &[10]),
    ("groups eq 10", &[10]),
    ("groups ge 9", &[10, 9]),
    ("groups pr", &[10, 9, 1]),
    ("emails eq \"E1\"", &[1]),
    ("emails.value eq \"e1\"", &[]),
    ("emails[value sw \"E\"]", &[10, 9, 1]),
    ("active co \"10\"", &[10]),
    ("not (members eq \"y1\")", &[10, 9]),
];

const ORDERS: [(&str, [i64; 3]); 5] = [
    ("userName", [1, 10, 9]),
    ("groups", [1, 9, 10]),
    ("emails", [1, 10, 9]),
    ("active", [1, 10, 9]),
    ("members", [10, 9, 1]),
];

/// Memberships are nobody's to redefine; of the others the same is true.
fn renamed(text: &str) -> String {
    text.replace("members", "crew").replace("groups", "count")
}

fn renamed_json(value: &Value) -> Value {
    serde_json::from_str(&renamed(&value.to_string())).unwrap()
}

#[tokio::test]
async fn memberships_are_nobody_s_to_redefine() {
    let face = Face::sqlite().await;
    for name in ["members", "Groups"] {
        let schema = json!({"id": TEAM, "name": "Team", "attributes": [{"name": name}]});
        let declared = json!({"name": "Team", "endpoint": "/Teams", "schema": schema});
        assert!(declare(&face, resource_type(declared)).await.is_err(), "{name}");
    }
}

async fn an_own_type_may_use_the_names_of_others(face: &Face) {
    let declared = json!({
        "name": "Team", "endpoint": "/Teams", "schema": {"id": TEAM, "name": "Team", "attributes": renamed_json(&special())},
    });
    declare(face, resource_type(declared)).await.unwrap();
    let mut paths = Vec::new();
    for number in [10, 9, 1] {
        let mut body = renamed_json(&values(number));
        body["schemas"] = json!([TEAM]);
        let made = face.post("/Teams", body.clone()).await.is(201);
        paths.push(crate::face::path(made.header("location").unwrap()));
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(&made.json()[name], value, "{name}");
        }
    }
    // Not unique, because it does not say so.
    let twin = json!({"schemas": [TEAM], "userName": "team-1"});
    let twin = face.post("/Teams", twin).await.created();
    face.delete(&twin).await.is(204);
    let numbers = async |query: String| {
        let list = face.get(&format!("/Teams?{query}")).await.is(200).json();
        list["Resources"].as_array().unwrap().iter().map(|it| it["count"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    for (filter, expected) in FILTERS {
        assert_eq!(numbers(format!("filter={}", crate::face::encoded(&renamed(filter)))).await, expected, "{filter}");
    }
    for (by, expected) in ORDERS {
        assert_eq!(numbers(format!("sortBy={}", renamed(by))).await, expected, "{by}");
    }
    let patch = json!([
        {"op": "add", "path": "crew", "value": ["z"]},
        {"op": "remove", "path": "emails[value eq \"E10\"]"},
        {"op": "replace", "path": "count", "value": 11},
        {"op": "replace", "path": "password", "value": "shut"},
    ]);
    let patched = face.patch(&paths[0], patch).await.is(200).json();
    assert_eq!((&patched["crew"], patched.get("emails")), (&json!(["x", "y10", "z"]), None));
    assert_eq!((&patched["count"], &patched["password"]), (&json!(11), &json!("shut")));
    assert_eq!(face.get(&format!("{}?excludedAttributes=crew", paths[0])).await.json().get("crew"), None);
}

async fn an_extension_may_use_the_names_of_the_core(face: &Face) {
    let mut attributes = special();
    let more = json!([{"name": "displayName", "type": "integer"}, {"name": "externalId", "type": "integer"}, {"name": "meta", "type": "string"}, {"name": "id", "type": "string"}]);
    attributes.as_array_mut().unwrap().extend(more.as_array().unwrap().iter().cloned());
    let schema = json!({"id": TEAM, "name": "Team", "attributes": attributes});
    declare(face, extension("User", false, schema)).await.unwrap();
    for number in [10, 9, 1] {
        let mut own = values(number);
        for name in ["displayName", "externalId"] {
            own[name] = json!(number);
        }
        own["id"] = json!(format!("own {number}"));
        own["meta"] = json!(format!("own {number}"));
        let mut body = user(json!({"userName": format!("u{number:02}"), "title": number.to_string(), TEAM: own}));
        body["schemas"] = json!([urn::USER, TEAM]);
        let made = face.post("/Users", body).await.is(201).json();
        assert_eq!(made[TEAM], own, "{made}");
        assert_eq!((made.get("groups"), made.get("password")), (None, None));
    }
    let titles = async |query: String| {
        let list = face.get(&format!("/Users?{query}")).await.each("title");
        list.iter().map(|title| title.parse::<i64>().unwrap()).collect::<Vec<_>>()
    };
    let of_own = |name: &str| format!("{TEAM}:{name}");
    let own = ["displayName eq 9", "externalId eq 9", "meta eq \"OWN 9\"", "id eq \"own 9\""]
        .map(|filter| (filter, [9].as_slice()));
    // Those with one name in front, which the URN goes before.
    for (filter, expected) in
        FILTERS.into_iter().chain(own).filter(|(filter, _)| !filter.contains(" and ") && !filter.starts_with("not"))
    {
        let filter = of_own(filter);
        assert_eq!(titles(format!("filter={}", crate::face::encoded(&filter))).await, expected, "{filter}");
    }
    for (by, expected) in ORDERS.into_iter().chain([
        ("displayName", [1, 9, 10]),
        ("externalId", [1, 9, 10]),
        ("meta", [1, 10, 9]),
        ("id", [1, 10, 9]),
    ]) {
        assert_eq!(titles(format!("sortBy={}", of_own(by))).await, expected, "{by}");
    }
    // What has no URN in front is the core's.
    assert_eq!(titles(format!("filter={}", crate::face::encoded("userName eq \"u09\""))).await, [9]);
    assert_eq!(titles("filter=groups%20pr".to_owned()).await, Vec::<i64>::new());
    assert_eq!(titles("sortBy=userName".to_owned()).await, [1, 9, 10]);
}

/// What the server knows of a resource is something else.
async fn an_extension_may_have_a_meta_of_its_own(face: &Face) {
    let meta = json!([{"name": "meta", "type": "complex", "subAttributes": [
        {"name": "created", "type": "dateTime"}, {"name": "location", "type": "string"},
    ]}]);
    declare(face, extension("User", false, json!({"id": TEAM, "name": "Team", "attributes": meta}))).await.unwrap();
    for (name, year) in [("old", 1990), ("new", 1980)] {
        let own = json!({"meta": {"created": format!("{year}-01-01T00:00:00Z"), "location": format!("room {year}")}});
        let mut body = user(json!({"userName": name, TEAM: own}));
        body["schemas"] = json!([urn::USER, TEAM]);
        face.post("/Users", body).await.is(201);
    }
    for (filter, name) in [
        ("meta.created eq \"1980-01-01T00:00:00Z\"", "new"),
        ("meta.created gt \"1985-01-01T00:00:00Z\"", "old"),
        ("meta.location eq \"ROOM 1990\"", "old"),
        ("meta.location co \"1980\"", "new"),
    ] {
        let query = crate::face::encoded(&format!("{TEAM}:{filter}"));
        assert_eq!(face.get(&format!("/Users?filter={query}")).await.each("userName"), [name], "{filter}");
    }
    let sorted = face.get(&format!("/Users?sortBy={TEAM}:meta.created")).await.each("userName");
    assert_eq!(sorted, ["new", "old"]);
}
