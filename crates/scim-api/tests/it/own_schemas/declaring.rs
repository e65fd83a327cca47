//! Declarations come and go, and everybody who serves notices.

use actix_web::http::Method;
use actix_web::http::header::AUTHORIZATION;
use domain::Error;
use domain::ports::Clock as _;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{
    DEVICE, EMPLOYEE, declare, device, employee, extension, resource_type, thing, with_devices, with_employees,
    withdraw, worker,
};
use crate::face::{BASE, Face, user};

on_both_databases! { Face:
    what_is_declared_is_advertised,
    what_holds_values_is_not_withdrawn,
    what_others_declare_is_noticed,
    nothing_is_kept_by_what_others_have_withdrawn,
    nobody_is_made_without_what_others_have_required,
    whatever_value_there_is_would_be_lost,
}

async fn what_is_declared_is_advertised(face: &Face) {
    let count = face.get("/Schemas").await.total();
    with_employees(face).await;
    with_devices(face).await;
    assert_eq!(face.get("/Schemas").await.total(), count + 3);
    let schema = face.get(&format!("/Schemas/{EMPLOYEE}")).await.is(200).json();
    assert_eq!(
        (&schema["id"], &schema["name"], &schema["description"]),
        (&json!(EMPLOYEE), &json!("Employee"), &json!("Who works here."))
    );
    assert_eq!(schema["meta"]["location"], format!("{BASE}/Schemas/{EMPLOYEE}"));
    let attributes = schema["attributes"].as_array().unwrap();
    let declared = employee();
    let declared = declared["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), declared.len());
    for (shown, declared) in attributes.iter().zip(declared) {
        assert_is_shown(shown, declared);
    }

    let user = face.get("/ResourceTypes/User").await.is(200).json();
    let extensions: Vec<&Value> = user["schemaExtensions"].as_array().unwrap().iter().map(|it| &it["schema"]).collect();
    assert_eq!(extensions, [&json!(crate::face::ENTERPRISE), &json!(EMPLOYEE)]);
    let device = face.get("/ResourceTypes/Device").await.is(200).json();
    assert_eq!(device["endpoint"], "/Devices");
    assert_eq!(
        (&device["schema"], &device["name"], &device["id"]),
        (&json!(DEVICE), &json!("Device"), &json!("Device"))
    );
    assert_eq!(device["schemaExtensions"], json!([{"schema": super::BLE, "required": false}]));
    let types = face.get("/ResourceTypes").await.is(200);
    assert_eq!(
        (types.total(), types.each("name")),
        (3, vec!["User".to_owned(), "Group".to_owned(), "Device".to_owned()])
    );
}

/// All that was declared, and the defaults of what was not (RFC 7643 §2.2).
fn assert_is_shown(shown: &Value, declared: &Value) {
    let defaults = json!({
        "type": "string", "multiValued": false, "required": false, "caseExact": false, "mutability": "readWrite",
        "returned": "default", "uniqueness": "none",
    });
    for (name, default) in defaults.as_object().unwrap() {
        let is_complex = declared["type"] == "complex" && name == "caseExact";
        let is_plain = ["caseExact", "uniqueness"].contains(&name.as_str()) && shown.get(name).is_none();
        if !is_complex && !is_plain {
            assert_eq!(&shown[name], declared.get(name).unwrap_or(default), "{name}: {shown}");
        }
    }
    assert_eq!(shown["name"], declared["name"]);
    let subs = |it: &Value| it["subAttributes"].as_array().cloned().unwrap_or_default();
    assert_eq!(subs(shown).len(), subs(declared).len(), "{shown}");
    for (shown, declared) in subs(shown).iter().zip(&subs(declared)) {
        assert_is_shown(shown, declared);
    }
}

#[tokio::test]
async fn another_tenant_sees_nothing_of_it() {
    let face = Face::sqlite().await;
    let (zoo, bearer) = face.world.open_tenant("zoo").await;
    let bearer = format!("Bearer {}", bearer.reveal());
    let ask = async |method: Method, path: &str, body: Value| {
        let ask = face.stranger(method, &format!("/t/zoo/scim/v2{path}")).header((AUTHORIZATION, bearer.clone()));
        ask.json(&body).send().await
    };
    let before = ask(Method::GET, "/Schemas", Value::Null).await.is(200).json();
    with_employees(&face).await;
    with_devices(&face).await;
    let id = face.post("/Devices", thing(json!({"displayName": "D", "serial": "1"}))).await.created();
    for path in
        ["/Devices", &id, "/ResourceTypes/Device", &format!("/Schemas/{DEVICE}"), &format!("/Schemas/{EMPLOYEE}")]
    {
        ask(Method::GET, path, Value::Null).await.is(404);
    }
    ask(Method::POST, "/Devices", thing(json!({"displayName": "D", "serial": "1"}))).await.is(404);
    assert_eq!(ask(Method::GET, "/Schemas", Value::Null).await.json(), before);
    assert_eq!(ask(Method::GET, "", Value::Null).await.total(), 0);
    ask(Method::POST, "/Users", worker("ada", json!({"badge": "1"}))).await.is(400);

    // Its own may have the same names and mean something else.
    let mut other = device();
    other["endpoint"] = json!("/Things");
    other["schemaExtensions"] = json!([]);
    other["schema"]["attributes"] = json!([{"name": "weight", "type": "integer", "required": true}]);
    face.world.declarations.declare(&face.world.cx(&zoo), resource_type(other)).await.unwrap();
    let made = ask(Method::POST, "/Things", thing(json!({"weight": 7, "serial": "1"}))).await.is(201).json();
    assert_eq!((&made["weight"], made.get("serial")), (&json!(7), None));
    face.get("/Things").await.is(404);
    assert_eq!(face.get("/Devices").await.total(), 1);
}

#[tokio::test]
async fn what_cannot_be_declared_is_refused_and_changes_nothing() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    with_devices(&face).await;
    face.new_user("ada").await;
    let before = (face.get("/Schemas").await.json(), face.get("/ResourceTypes").await.json());
    let schema = |id: &str, attributes: Value| json!({"id": id, "name": "X", "attributes": attributes});
    let new = "urn:example:acme:new:1.0:New";
    let plain = json!([{"name": "a"}]);
    let device_with = |name: &str, endpoint: &str, id: &str| {
        resource_type(json!({"name": name, "endpoint": endpoint, "schema": schema(id, plain.clone())}))
    };
    for wrong in [
        extension("User", false, employee()),
        extension("Group", false, schema(&EMPLOYEE.to_uppercase(), plain.clone())),
        extension("User", false, schema(scim_protocol::urn::USER, plain.clone())),
        extension("User", false, schema(crate::face::ENTERPRISE, plain.clone())),
        extension("User", false, schema(scim_protocol::urn::PATCH_OP, plain.clone())),
        extension("Robot", false, schema(new, plain.clone())),
        extension(
            "User",
            false,
            schema(
                new,
                json!([{"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "complex", "subAttributes": [{"name": "c"}]}]}]),
            ),
        ),
        extension("User", false, schema(new, json!([{"name": "a"}, {"name": "A"}]))),
        extension("User", false, schema(new, json!([{"name": "$ref"}]))),
        extension("User", false, schema(new, json!([{"name": "a", "uniqueness": "server", "multiValued": true}]))),
        resource_type(device()),
        device_with("device", "/Robots", new),
        device_with("Robot", "/devices", new),
        device_with("Robot", "/Users", new),
        device_with("Robot", "/Bulk", new),
        device_with("Robot", "/Schemas", new),
        device_with("Robot", "/Robots", DEVICE),
        device_with("User", "/Robots", new),
    ] {
        let refused = declare(&face, wrong.clone()).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{wrong:?}: {refused:?}");
    }
    // Who is here lacks it.
    let refused = declare(&face, extension("User", true, schema(new, plain.clone()))).await;
    assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains('1')), "{refused:?}");
    assert_eq!((face.get("/Schemas").await.json(), face.get("/ResourceTypes").await.json()), before);
    declare(&face, extension("Group", true, schema(new, plain))).await.unwrap();
}

async fn what_holds_values_is_not_withdrawn(face: &Face) {
    with_employees(face).await;
    with_devices(face).await;
    let ada = face.post("/Users", worker("ada", json!({"notes": "hidden"}))).await.created();
    let lamp = face.post("/Devices", thing(json!({"displayName": "Lamp", "serial": "1"}))).await.created();
    for name in [EMPLOYEE, "Device"] {
        let refused = withdraw(face, name).await;
        assert!(matches!(&refused, Err(Error::NotAllowed(why)) if why.contains('1')), "{refused:?}");
    }
    assert_eq!(face.get(&format!("{ada}?attributes={EMPLOYEE}:notes")).await.json()[EMPLOYEE]["notes"], "hidden");
    face.patch(&ada, json!([{"op": "remove", "path": EMPLOYEE}])).await.is(200);
    face.delete(&lamp).await.is(204);
    withdraw(face, &EMPLOYEE.to_uppercase()).await.unwrap();
    withdraw(face, "device").await.unwrap();
    for path in
        ["/Devices", &lamp, "/ResourceTypes/Device", &format!("/Schemas/{EMPLOYEE}"), &format!("/Schemas/{DEVICE}")]
    {
        face.get(path).await.is(404);
    }
    let after = face.get(&ada).await.is(200).json();
    assert_eq!(after["schemas"], json!([scim_protocol::urn::USER]));
    face.find("/Users", &format!("{EMPLOYEE}:badge pr")).await.fails(400, "invalidFilter");
    face.post("/Users", worker("bob", json!({"badge": "1"}))).await.is(400);
    for name in [EMPLOYEE, "Device", "User", crate::face::ENTERPRISE, ""] {
        let refused = withdraw(face, name).await;
        assert!(matches!(refused, Err(Error::NotFound(_))), "{name}: {refused:?}");
    }
    // And once more, with nothing left from the first time.
    with_employees(face).await;
    with_devices(face).await;
    assert_eq!(face.get("/Devices").await.total(), 0);
    face.post("/Devices", thing(json!({"displayName": "Lamp", "serial": "1"}))).await.is(201);
    face.get(&lamp).await.is(404);
}

async fn nobody_is_made_without_what_others_have_required(face: &Face) {
    face.api.admissions.follow(face.world.clock.now()).await.unwrap();
    face.get("/Users").await.is(200);
    declare(face, extension("User", true, employee())).await.unwrap();
    assert_ne!(face.post("/Users", user(json!({"userName": "ada"}))).await.status, 201);
    face.api.admissions.follow(face.world.clock.now()).await.unwrap();
    assert_eq!(face.get("/Users").await.total(), 0);
    face.post("/Users", user(json!({"userName": "ada"}))).await.fails(400, "invalidValue");
    face.post("/Users", worker("ada", json!({"badge": "1"}))).await.is(201);
}

async fn whatever_value_there_is_would_be_lost(face: &Face) {
    with_employees(face).await;
    let ada = face.post("/Users", user(json!({"userName": "ada"}))).await.created();
    for value in [
        json!({"badge": "1"}),
        json!({"remote": false}),
        json!({"floor": 0}),
        json!({"startedAt": "2026-01-31T09:30:00Z"}),
        json!({"tags": ["a"]}),
        json!({"desk": {"height": 1}}),
        json!({"tools": [{"type": "hand"}]}),
        json!({"grade": "A"}),
    ] {
        face.put(&ada, worker("ada", value.clone())).await.is(200);
        let refused = withdraw(face, EMPLOYEE).await;
        assert!(matches!(refused, Err(Error::NotAllowed(_))), "{value}: {refused:?}");
    }
    face.put(&ada, worker("ada", json!({"tags": [], "badge": null}))).await.is(200);
    withdraw(face, EMPLOYEE).await.unwrap();
}

#[tokio::test]
async fn what_another_declaration_builds_on_is_withdrawn_after_it() {
    let face = Face::sqlite().await;
    with_devices(&face).await;
    declare(&face, extension("Device", false, employee())).await.unwrap();
    assert!(matches!(withdraw(&face, "Device").await, Err(Error::NotAllowed(_))));
    let body = json!({"displayName": "Lamp", "serial": "1", EMPLOYEE: {"badge": "L"}});
    let lamp = face.post("/Devices", thing(body)).await.is(201);
    assert_eq!(lamp.json()[EMPLOYEE], json!({"badge": "L"}));
    face.delete(&lamp.created()).await.is(204);
    withdraw(&face, EMPLOYEE).await.unwrap();
    withdraw(&face, "Device").await.unwrap();
    let left = face.world.declarations.list(&face.world.cx(&face.tenant)).await.unwrap();
    assert_eq!(left, Vec::new());
}

/// Another process declares; this one remembers the tenant and asks twice a second what changed.
async fn what_others_declare_is_noticed(face: &Face) {
    let follow = || async { face.api.admissions.follow(face.world.clock.now()).await.unwrap() };
    follow().await;
    face.get("/Devices").await.is(404);
    with_devices(face).await;
    // What is remembered is believed for a moment, as `follow` promises, and not for longer.
    face.get("/Devices").await.is(404);
    follow().await;
    face.get("/Devices").await.is(200);
    let lamp = thing(json!({"displayName": "Lamp", "serial": "1"}));
    let lamp = face.post("/Devices", lamp).await.created();
    face.delete(&lamp).await.is(204);
    withdraw(face, "Device").await.unwrap();
    follow().await;
    face.get("/Devices").await.is(404);
    with_devices(face).await;
    // The process that declares knows at once.
    face.api.admissions.forget(&face.tenant.slug);
    face.get("/Devices").await.is(200);
}

/// A process may remember for some seconds what is not declared any more. What it writes by that would come to light when
/// something of that name is declared again.
async fn nothing_is_kept_by_what_others_have_withdrawn(face: &Face) {
    with_employees(face).await;
    with_devices(face).await;
    let follow = || async { face.api.admissions.follow(face.world.clock.now()).await.unwrap() };
    follow().await;
    face.get("/Devices").await.is(200);
    withdraw(face, EMPLOYEE).await.unwrap();
    withdraw(face, "Device").await.unwrap();
    // Whether these are refused or read anew is all the same; no 5xx but the one that asks to come again.
    for answer in [
        face.post("/Users", worker("ada", json!({"badge": "1"}))).await,
        face.post("/Devices", thing(json!({"displayName": "Lamp", "serial": "1"}))).await,
    ] {
        assert!(answer.status < 500 || answer.header("retry-after").is_some(), "{answer:?}");
    }
    follow().await;
    for user in face.get("/Users").await.is(200).json()["Resources"].as_array().unwrap() {
        assert_eq!(user["schemas"], json!([scim_protocol::urn::USER]));
    }
    with_employees(face).await;
    with_devices(face).await;
    follow().await;
    assert_eq!(face.get("/Devices").await.total(), 0);
    assert_eq!(face.find("/Users", &format!("{EMPLOYEE}:badge pr")).await.total(), 0);
}

#[tokio::test]
async fn a_declaration_is_a_fact() {
    let face = Face::sqlite().await;
    let before = whats(&face).await.len();
    with_employees(&face).await;
    withdraw(&face, EMPLOYEE).await.unwrap();
    assert_eq!(whats(&face).await.split_off(before), ["declared", "withdrawn"]);
    assert_eq!(face.post("/Users", user(json!({"userName": "ada"}))).await.status, 201);
}

async fn whats(face: &Face) -> Vec<&'static str> {
    face.world.number_facts().await;
    let facts = face.world.journal.facts_after(&face.tenant.scope(), 0, 1_000).await.unwrap();
    facts.iter().map(|fact| fact.what.as_str()).collect()
}
