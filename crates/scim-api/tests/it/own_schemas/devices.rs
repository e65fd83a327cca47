//! A resource type of a tenant's own is served like those that everybody has.

use actix_web::http::Method;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};
use domain::journal::{Subject, What};
use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{BLE, DEVICE, declare, device, resource_type, thing, with_devices};
use crate::face::{BASE, Face, id};

on_both_databases! { Face:
    a_device_lives_from_create_to_delete,
    devices_are_listed_filtered_and_sorted,
    devices_stand_in_bulks_and_in_searches_over_all_types,
    own_rules_for_a_name_that_others_have_are_kept,
    a_device_is_no_member_of_a_group,
}

fn lamp() -> Value {
    thing(json!({
        "displayName": "Lamp", "serial": "S-1", "slots": 3, "active": true, "externalId": "X",
        BLE: {"mac": "00:11", "versions": ["4.2", "5.0"]},
    }))
}

async fn a_device_lives_from_create_to_delete(face: &Face) {
    with_devices(face).await;
    let created = face.post("/Devices", lamp()).await.is(201);
    let body = created.json();
    let path = created.created();
    assert!(path.starts_with("/Devices/"), "{path}");
    assert_eq!(
        (&body["meta"]["resourceType"], &body["meta"]["location"]),
        (&json!("Device"), &json!(format!("{BASE}{path}")))
    );
    for (name, value) in lamp().as_object().unwrap().iter().filter(|(name, _)| *name != "schemas") {
        assert_eq!(&body[name], value, "{name}");
    }
    let mut schemas: Vec<&str> = body["schemas"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    schemas.sort_unstable();
    assert_eq!(schemas, [BLE, DEVICE]);
    assert_eq!(face.get(&path).await.is(200).json(), body);
    face.ask(Method::GET, &path).header((IF_NONE_MATCH, "W/\"1\"")).send().await.is(304);

    let operations = json!([
        {"op": "replace", "path": "slots", "value": 4},
        {"op": "add", "path": format!("{BLE}:versions"), "value": ["6.0"]},
        {"op": "replace", "path": format!("{DEVICE}:active"), "value": false},
    ]);
    let patched = face.patch(&path, operations).await.is(200);
    assert_eq!((&patched.json()["slots"], &patched.json()["active"]), (&json!(4), &json!(false)));
    assert_eq!(patched.json()[BLE]["versions"], json!(["4.2", "5.0", "6.0"]));
    assert_eq!(patched.etag(), "W/\"2\"");
    face.patch(&path, json!([{"op": "remove", "path": "displayName"}])).await.fails(400, "mutability");

    let stale = face.ask(Method::PUT, &path).header((IF_MATCH, "W/\"1\"")).json(&lamp()).send().await;
    stale.is(412);
    let other = thing(json!({"displayName": "Torch", "serial": "S-1"}));
    let replaced = face.ask(Method::PUT, &path).header((IF_MATCH, "W/\"2\"")).json(&other).send().await.is(200).json();
    assert_eq!((&replaced["displayName"], replaced.get(BLE), replaced.get("slots")), (&json!("Torch"), None, None));
    assert_eq!(
        face.get(&format!("{path}?attributes=serial")).await.json(),
        thing(json!({"id": id(&path), "serial": "S-1"}))
    );

    let users = path.replace("Devices", "Users");
    face.get(&users).await.is(404);
    face.delete(&users).await.is(404);
    face.delete(&path).await.is(204);
    for answer in [face.get(&path).await, face.delete(&path).await, face.put(&path, lamp()).await] {
        answer.is(404);
    }
    assert_eq!(face.last_fact().what, What::Deleted);
    assert!(matches!(face.last_fact().subject, Subject::Resource(kind, _) if kind.as_str() == "Device"));
    face.post("/Devices", lamp()).await.is(201);
}

#[tokio::test]
async fn what_is_no_device_is_refused() {
    let face = Face::sqlite().await;
    with_devices(&face).await;
    for (body, scim_type) in [
        (thing(json!({"serial": "1"})), "invalidValue"),
        (thing(json!({"displayName": "", "serial": "1"})), "invalidValue"),
        (thing(json!({"displayName": "x", "serial": "1", "slots": "3"})), "invalidValue"),
        (thing(json!({"displayName": "x", "serial": "1", BLE: {"versions": ["4"]}})), "invalidValue"),
        (crate::face::user(json!({"displayName": "x", "serial": "1", "userName": "x"})), "invalidValue"),
    ] {
        face.post("/Devices", body).await.fails(400, scim_type);
    }
    face.ask(Method::PATCH, "/Devices").send().await.is(405);
    face.get("/devices").await.is(404);
    assert_eq!(face.get("/Devices").await.total(), 0);
}

async fn devices_are_listed_filtered_and_sorted(face: &Face) {
    with_devices(face).await;
    for (name, serial, slots) in [("beta", "3", 10), ("Alpha", "2", 9), ("gamma", "1", 1)] {
        let body =
            thing(json!({"displayName": name, "serial": serial, "slots": slots, BLE: {"mac": format!("00:{serial}")}}));
        face.post("/Devices", body).await.is(201);
    }
    face.post("/Devices", thing(json!({"displayName": "delta", "serial": "0"}))).await.is(201);
    for (filter, expected) in [
        ("displayName eq \"ALPHA\"".to_owned(), vec!["Alpha"]),
        ("displayName sw \"b\" or serial eq \"1\"".to_owned(), vec!["beta", "gamma"]),
        ("slots ge 9".to_owned(), vec!["beta", "Alpha"]),
        ("not (slots pr)".to_owned(), vec!["delta"]),
        (format!("{BLE}:mac ew \"2\""), vec!["Alpha"]),
        (format!("schemas eq \"{BLE}\""), vec!["beta", "Alpha", "gamma"]),
        ("meta.resourceType eq \"Device\" and serial lt \"2\"".to_owned(), vec!["gamma", "delta"]),
        (format!("{DEVICE}:serial eq \"3\""), vec!["beta"]),
    ] {
        assert_eq!(face.find("/Devices", &filter).await.each("displayName"), expected, "{filter}");
    }
    face.find("/Devices", "userName pr").await.fails(400, "invalidFilter");
    for (by, expected) in [
        ("displayName", ["Alpha", "beta", "delta", "gamma"]),
        ("serial", ["delta", "gamma", "Alpha", "beta"]),
        ("slots", ["gamma", "Alpha", "beta", "delta"]),
        ("meta.created", ["beta", "Alpha", "gamma", "delta"]),
        ("urn:example:acme:params:scim:schemas:1.0:Ble:mac", ["gamma", "Alpha", "beta", "delta"]),
    ] {
        assert_eq!(face.get(&format!("/Devices?sortBy={by}")).await.each("displayName"), expected, "{by}");
        let first = face.get(&format!("/Devices?sortBy={by}&cursor=&count=3")).await;
        let next = first.json()["nextCursor"].as_str().unwrap().to_owned();
        let last = face.get(&format!("/Devices?sortBy={by}&cursor={next}")).await;
        assert_eq!([first.each("displayName"), last.each("displayName")].concat(), expected, "{by}");
    }
    let page = face.get("/Devices?startIndex=2&count=2").await;
    assert_eq!((page.total(), page.each("displayName")), (4, vec!["Alpha".to_owned(), "gamma".to_owned()]));
    let search = json!({"schemas": [urn::SEARCH_REQUEST], "filter": "slots pr", "sortBy": "slots", "count": 1});
    assert_eq!(face.post("/Devices/.search", search).await.each("displayName"), ["gamma"]);
}

async fn devices_stand_in_bulks_and_in_searches_over_all_types(face: &Face) {
    with_devices(face).await;
    face.new_group("Lab", &[]).await;
    let owned = thing(json!({"displayName": "Lamp", "serial": "1", "owner": {"value": "bulkId:ada"}}));
    let operations = json!([
        {"method": "POST", "path": "/Devices", "bulkId": "lamp", "data": owned},
        {"method": "POST", "path": "/Users", "bulkId": "ada", "data": crate::face::user(json!({"userName": "ada"}))},
        {"method": "PATCH", "path": "/Devices/bulkId:lamp", "data": crate::face::patch_op(&json!([{"op": "add", "path": "slots", "value": 1}]))},
        {"method": "POST", "path": "/Devices", "bulkId": "taken", "data": thing(json!({"displayName": "x", "serial": "1"}))},
    ]);
    let answer =
        face.post("/Bulk", json!({"schemas": [urn::BULK_REQUEST], "Operations": operations})).await.is(200).json();
    let statuses: Vec<&Value> = answer["Operations"].as_array().unwrap().iter().map(|it| &it["status"]).collect();
    assert_eq!(statuses, ["201", "201", "200", "409"], "{answer}");
    let lamp = face.get("/Devices").await.json()["Resources"][0].clone();
    let ada = face.get("/Users").await.json()["Resources"][0].clone();
    assert_eq!(lamp["owner"], json!({"value": ada["id"], "$ref": ada["meta"]["location"]}));

    let kinds = async |query: &str| {
        let list = face.get(query).await.is(200).json();
        let kind = |it: &Value| it["meta"]["resourceType"].as_str().unwrap().to_owned();
        list["Resources"].as_array().unwrap().iter().map(kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("").await, ["User", "Group", "Device"]);
    assert_eq!(kinds("?startIndex=3").await, ["Device"]);
    assert_eq!(kinds("?filter=serial%20pr").await, ["Device"]);
    assert_eq!(kinds("?sortBy=slots").await, ["Device", "User", "Group"]);
    assert_eq!(kinds("?sortBy=displayName").await, ["Group", "Device", "User"]);
    // Groups have people and groups in them, nothing else.
    let lab = face.get("/Groups").await.json()["Resources"][0]["id"].as_str().unwrap().to_owned();
    let join = json!([{"op": "add", "path": "members", "value": [{"value": lamp["id"]}]}]);
    face.patch(&format!("/Groups/{lab}"), join).await.fails(400, "invalidValue");
}

/// Every resource may have a `displayName`; here it is not what it is elsewhere.
async fn own_rules_for_a_name_that_others_have_are_kept(face: &Face) {
    let names = [
        json!({"name": "displayName", "type": "string", "caseExact": true}),
        json!({"name": "displayName", "type": "integer"}),
    ];
    for (declared, own) in names.into_iter().zip(["Exact", "Number"]) {
        let mut declaration = device();
        declaration["name"] = json!(own);
        declaration["endpoint"] = json!(format!("/{own}"));
        declaration["schemaExtensions"] = json!([]);
        declaration["schema"] = json!({"id": format!("urn:example:own:{own}"), "name": own, "attributes": [declared]});
        declare(face, resource_type(declaration)).await.unwrap();
    }
    let create = async |own: &str, value: Value| {
        let body = json!({"schemas": [format!("urn:example:own:{own}")], "displayName": value});
        face.post(&format!("/{own}"), body).await.is(201);
    };
    for value in ["b", "B", "a"] {
        create("Exact", json!(value)).await;
    }
    for value in [10, 9, -1] {
        create("Number", json!(value)).await;
    }
    assert_eq!(face.find("/Exact", "displayName eq \"B\"").await.each("displayName"), ["B"]);
    assert_eq!(face.find("/Exact", "displayName sw \"b\"").await.each("displayName"), ["b"]);
    assert_eq!(face.get("/Exact?sortBy=displayName").await.each("displayName"), ["B", "a", "b"]);
    let numbers = async |query: &str| {
        let list = face.get(&format!("/Number{query}")).await.is(200).json();
        list["Resources"].as_array().unwrap().iter().map(|it| it["displayName"].as_i64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(numbers("?filter=displayName%20eq%209").await, [9]);
    assert_eq!(numbers("?filter=displayName%20gt%209").await, [10]);
    assert_eq!(numbers("?filter=displayName%20pr").await, [10, 9, -1]);
    assert_eq!(numbers("?sortBy=displayName").await, [-1, 9, 10]);
}

async fn a_device_is_no_member_of_a_group(face: &Face) {
    with_devices(face).await;
    let lamp = face.post("/Devices", lamp()).await.created();
    let members = json!([{"value": id(&lamp)}]);
    let group = json!({"schemas": [urn::GROUP], "displayName": "Things", "members": members});
    face.post("/Groups", group).await.fails(400, "invalidValue");
    let group = face.new_group("Things", &[]).await;
    face.patch(&group, json!([{"op": "add", "path": "members", "value": members}])).await.fails(400, "invalidValue");
    assert_eq!(face.get(&group).await.json().get("members"), None);
}
