//! Values of an own extension: validated, kept, filtered, patched, shown.

use domain::directory::Kind;
use domain::ports::Clock as _;
use domain::store::{FillStep, Store as _};
use domain::value_index::{IndexState, ValueIndex};
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{EMPLOYEE, extension, with_employees, worker};
use crate::face::{Face, user};

on_both_databases! { Face:
    people_are_found_and_sorted_by_own_attributes,
    own_attributes_are_patched,
}

fn whole() -> Value {
    json!({
        "badge": "B-1", "code": "x", "remote": true, "floor": -3, "share": 0.5, "startedAt": "2026-01-31T09:30:00+01:00",
        "tags": ["Red", "blue"], "desk": {"room": "Attic", "height": 72},
        "tools": [{"value": "saw", "type": "hand"}, {"value": "Drill", "type": "power", "primary": true}],
        "hiredBy": "eve", "notes": "likes tea", "grade": "A",
    })
}

/// What is shown without being asked for.
fn shown() -> Value {
    let mut shown = whole();
    shown.as_object_mut().unwrap().retain(|name, _| !["notes", "grade"].contains(&name.as_str()));
    shown
}

#[tokio::test]
async fn what_was_given_is_given_back() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let path = face.post("/Users", worker("ada", whole())).await.created();
    let ada = face.get(&path).await.is(200).json();
    assert_eq!(ada[EMPLOYEE], shown());
    assert!(ada["schemas"].as_array().unwrap().contains(&json!(EMPLOYEE)), "{ada}");
    // Names in any case, also the URN's; extension or attribute.
    let put = user(json!({"userName": "ada", EMPLOYEE.to_uppercase(): {"BADGE": "B-2", "hiredBy": "eve"}}));
    let replaced = face.put(&path, put).await.is(200).json();
    assert_eq!(replaced[EMPLOYEE], json!({"badge": "B-2", "hiredBy": "eve"}));
}

#[tokio::test]
async fn values_of_another_type_are_refused_by_name() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let ada = face.post("/Users", worker("ada", json!({"badge": "1"}))).await.created();
    for (name, wrong) in [
        ("badge", json!(7)),
        ("badge", json!(["a", "b"])),
        ("remote", json!("perhaps")),
        ("remote", json!(1)),
        ("floor", json!(1.5)),
        ("floor", json!("3")),
        ("share", json!("0.5")),
        ("startedAt", json!("yesterday")),
        ("startedAt", json!("2026-01-31")),
        ("tags", json!([7])),
        ("desk", json!("Attic")),
        ("desk", json!({"height": "high"})),
        ("tools", json!([{"value": "a", "primary": true}, {"value": "b", "primary": true}])),
    ] {
        let detail = face.post("/Users", worker("bob", json!({name: wrong}))).await.fails(400, "invalidValue");
        assert!(detail.contains(name), "{wrong}: {detail}");
        let patch = json!([{"op": "replace", "path": format!("{EMPLOYEE}:{name}"), "value": wrong}]);
        face.patch(&ada, patch).await.fails(400, "invalidValue");
    }
    assert_eq!(face.get("/Users").await.each("userName"), ["ada"]);
    assert_eq!(face.get(&ada).await.etag(), "W/\"1\"");
}

#[tokio::test]
async fn what_is_required_is_demanded_where_the_extension_is() {
    let face = Face::sqlite().await;
    let schema = json!({"id": EMPLOYEE, "name": "Employee", "attributes": [
        {"name": "contract", "type": "string", "required": true}, {"name": "floor", "type": "integer"}]});
    super::declare(&face, extension("User", false, schema)).await.unwrap();
    face.new_user("without").await;
    let detail = face.post("/Users", worker("ada", json!({"floor": 1}))).await.fails(400, "invalidValue");
    assert!(detail.contains("contract"), "{detail}");
    let ada = face.post("/Users", worker("ada", json!({"contract": "C"}))).await.created();
    face.put(&ada, worker("ada", json!({"floor": 1}))).await.fails(400, "invalidValue");
    let path = format!("{EMPLOYEE}:contract");
    face.patch(&ada, json!([{"op": "remove", "path": path}])).await.fails(400, "mutability");
    // A PATCH cannot begin the extension without it either.
    let without = face.new_user("bob").await;
    let floor = json!([{"op": "add", "path": format!("{EMPLOYEE}:floor"), "value": 1}]);
    face.patch(&without, floor).await.fails(400, "invalidValue");
    assert_eq!(face.get(&without).await.json().get(EMPLOYEE), None);
    let both = json!([{"op": "add", "value": {EMPLOYEE: {"floor": 1, "contract": "D"}}}]);
    face.patch(&without, both).await.is(200);
    // Without the extension nothing of it is required.
    assert_eq!(face.put(&ada, user(json!({"userName": "ada"}))).await.is(200).json().get(EMPLOYEE), None);
}

#[tokio::test]
async fn a_required_extension_is_demanded_of_everybody() {
    let face = Face::sqlite().await;
    super::declare(&face, extension("User", true, employee_of_badges())).await.unwrap();
    let detail = face.post("/Users", user(json!({"userName": "ada"}))).await.fails(400, "invalidValue");
    assert!(detail.contains(EMPLOYEE), "{detail}");
    let ada = face.post("/Users", worker("ada", json!({"badge": "1"}))).await.created();
    face.put(&ada, user(json!({"userName": "ada"}))).await.fails(400, "invalidValue");
    for path in [EMPLOYEE.to_owned(), format!("{EMPLOYEE}:badge")] {
        face.patch(&ada, json!([{"op": "remove", "path": path}])).await.is(400);
    }
    assert_eq!(face.get(&ada).await.json()[EMPLOYEE], json!({"badge": "1"}));
    let types = face.get("/ResourceTypes/User").await.json();
    let told = types["schemaExtensions"].as_array().unwrap().iter().find(|it| it["schema"] == EMPLOYEE).cloned();
    assert_eq!(told, Some(json!({"schema": EMPLOYEE, "required": true})));
}

fn employee_of_badges() -> Value {
    json!({"id": EMPLOYEE, "name": "Employee", "attributes": [{"name": "badge", "type": "string"}]})
}

#[tokio::test]
async fn what_is_read_only_or_unknown_is_passed_over() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let given = json!({"badge": "1", "rank": 1, "nonsense": true});
    let created = face.post("/Users", worker("ada", given)).await.is(201);
    assert_eq!(created.json()[EMPLOYEE], json!({"badge": "1"}));
    let ada = created.created();
    let patch = json!([{"op": "replace", "path": format!("{EMPLOYEE}:rank"), "value": 1}]);
    face.patch(&ada, patch).await.fails(400, "mutability");
}

#[tokio::test]
async fn what_is_immutable_is_given_once() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let ada = face.post("/Users", worker("ada", json!({"badge": "1"}))).await.created();
    let hired = |by: &str| json!([{"op": "add", "path": format!("{EMPLOYEE}:hiredBy"), "value": by}]);
    face.patch(&ada, hired("eve")).await.is(200);
    face.patch(&ada, hired("eve")).await.is(200);
    face.patch(&ada, hired("bob")).await.fails(400, "mutability");
    face.patch(&ada, json!([{"op": "remove", "path": format!("{EMPLOYEE}:hiredBy")}])).await.fails(400, "mutability");
    face.put(&ada, worker("ada", json!({"hiredBy": "bob"}))).await.fails(400, "mutability");
    face.put(&ada, worker("ada", json!({"hiredBy": "eve"}))).await.is(200);
}

async fn own_attributes_are_patched(face: &Face) {
    with_employees(face).await;
    let ada = face.post("/Users", worker("ada", json!({"badge": "1"}))).await.created();
    let own = |name: &str| format!("{EMPLOYEE}:{name}");
    let operations = json!([
        {"op": "replace", "path": own("floor"), "value": 7},
        {"op": "add", "path": own("tags"), "value": ["red", "blue", "red"]},
        {"op": "add", "path": own("desk"), "value": {"room": "Attic"}},
        {"op": "replace", "path": own("desk.height"), "value": 70},
        {"op": "add", "path": own("tools"), "value": [{"value": "saw", "type": "hand", "primary": true}]},
        {"op": "add", "path": own("tools"), "value": [{"value": "drill", "type": "power", "primary": true}]},
        {"op": "replace", "path": own("tools[type eq \"hand\"].value"), "value": "axe"},
        {"op": "add", "value": {EMPLOYEE: {"remote": true}}},
        {"op": "add", "value": {own("share"): 0.25}},
        {"op": "remove", "path": own("badge")},
    ]);
    let patched = face.patch(&ada, operations).await.is(200).json();
    let expected = json!({
        "floor": 7, "tags": ["red", "blue"], "desk": {"room": "Attic", "height": 70}, "remote": true, "share": 0.25,
        "tools": [{"value": "axe", "type": "hand", "primary": false}, {"value": "drill", "type": "power", "primary": true}],
    });
    let mut found = patched[EMPLOYEE].clone();
    // Not to be primary is said by being absent as well (RFC 7643 §2.4).
    found["tools"][0]["primary"] = json!(found["tools"][0]["primary"].as_bool().unwrap_or(false));
    assert_eq!(found, expected);
    assert_eq!(face.get(&ada).await.json(), patched);

    let version = face.get(&ada).await.etag();
    let again = json!([{"op": "replace", "path": own("floor"), "value": 7}]);
    assert_eq!(face.patch(&ada, again).await.is(200).etag(), version);
    let clear =
        json!([{"op": "remove", "path": own("tools[type eq \"power\"]")}, {"op": "remove", "path": own("desk.room")}]);
    let patched = face.patch(&ada, clear).await.is(200).json();
    assert_eq!(patched[EMPLOYEE]["desk"], json!({"height": 70}));
    assert_eq!(patched[EMPLOYEE]["tools"].as_array().unwrap().len(), 1);
    let all = face.patch(&ada, json!([{"op": "remove", "path": EMPLOYEE}])).await.is(200).json();
    assert_eq!((all.get(EMPLOYEE), all["schemas"].as_array().unwrap().contains(&json!(EMPLOYEE))), (None, false));
}

#[tokio::test]
async fn own_attributes_are_shown_as_they_declare() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let ada = face.post("/Users", worker("ada", whole())).await.created();
    let ask = async |query: String| face.get(&format!("{ada}?{query}")).await.is(200).json()[EMPLOYEE].clone();
    assert_eq!(ask(String::new()).await, shown());
    assert_eq!(ask(format!("attributes={EMPLOYEE}:notes")).await, json!({"notes": "likes tea"}));
    assert_eq!(
        ask(format!("attributes={EMPLOYEE}:badge,{EMPLOYEE}:desk.room")).await,
        json!({"badge": "B-1", "desk": {"room": "Attic"}})
    );
    assert_eq!(ask("attributes=badge".to_owned()).await, json!({"badge": "B-1"}));
    assert_eq!(ask(format!("attributes={EMPLOYEE}:grade")).await, Value::Null);
    assert_eq!(ask(format!("excludedAttributes={EMPLOYEE}")).await, Value::Null);
    assert_eq!(ask("attributes=userName".to_owned()).await, Value::Null);
    let mut less = shown();
    less.as_object_mut().unwrap().remove("tools");
    less["desk"] = json!({"room": "Attic"});
    assert_eq!(ask(format!("excludedAttributes={EMPLOYEE}:tools,{EMPLOYEE}:desk.height")).await, less);
    // What is never returned is kept, and survives being left out by those who cannot see it.
    let patch = json!([{"op": "replace", "path": format!("{EMPLOYEE}:floor"), "value": 4}]);
    face.patch(&ada, patch).await.is(200);
    assert_eq!(face.find("/Users", &format!("{EMPLOYEE}:notes co \"TEA\"")).await.total(), 1);
}

/// RFC 7643 §7: `request` is returned to whoever just wrote it, too.
#[tokio::test]
async fn who_writes_what_is_shown_on_request_sees_it() {
    let face = Face::sqlite().await;
    with_employees(&face).await;
    let own = |answer: crate::face::Answer| answer.json()[EMPLOYEE].clone();
    let both = json!({"badge": "1", "notes": "tea"});
    let created = face.post("/Users", worker("ada", both.clone())).await.is(201);
    let ada = crate::face::path(created.header("location").unwrap());
    assert_eq!(own(created), both);
    assert_eq!(own(face.put(&ada, worker("ada", both.clone())).await.is(200)), both);
    let patch =
        |name: &str, value: &str| json!([{"op": "replace", "path": format!("{EMPLOYEE}:{name}"), "value": value}]);
    assert_eq!(own(face.patch(&ada, patch("badge", "2")).await.is(200)), json!({"badge": "2"}));
    let written = face.patch(&ada, patch("notes", "coffee")).await.is(200);
    assert_eq!(own(written), json!({"badge": "2", "notes": "coffee"}));
    assert_eq!(own(face.get(&ada).await), json!({"badge": "2"}));
    let grade = face.patch(&ada, patch("grade", "B")).await.is(200);
    assert_eq!(own(grade), json!({"badge": "2"}));
}

const FILTERS: [(&str, &[&str]); 22] = [
    (":badge eq \"b-1\"", &["ada"]),
    (":badge sw \"b\"", &["ada", "bob"]),
    (":badge co \"-2\"", &["bob"]),
    (":badge ew \"2\"", &["bob"]),
    (":badge ne \"b-1\"", &["bob", "cyd"]),
    (":badge pr", &["ada", "bob"]),
    // caseExact.
    (":code eq \"x\"", &["ada"]),
    (":code eq \"X\"", &["bob"]),
    (":remote eq true", &["ada"]),
    (":remote eq false", &["bob"]),
    (":floor gt -4 and urn:example:acme:params:scim:schemas:1.0:Employee:floor lt 10", &["ada", "bob"]),
    (":floor ge 10", &["cyd"]),
    (":floor eq -3", &["ada"]),
    (":share gt 0.3", &["ada"]),
    // The moment counts, not how it is written.
    (":startedAt eq \"2026-01-31T08:30:00Z\"", &["ada"]),
    (":startedAt gt \"2026-01-31T08:30:00Z\"", &["bob"]),
    (":tags eq \"RED\"", &["ada", "cyd"]),
    (":desk.room eq \"attic\"", &["ada"]),
    (":desk.height ge 72", &["ada", "bob"]),
    (":tools eq \"drill\"", &["ada"]),
    (":tools[type eq \"hand\" and value eq \"saw\"]", &["ada"]),
    (":tools[type eq \"hand\" and value eq \"drill\"]", &[]),
];

async fn people_are_found_and_sorted_by_own_attributes(face: &Face) {
    with_employees(face).await;
    face.post("/Users", worker("ada", whole())).await.is(201);
    let bob = json!({"badge": "b-2", "code": "X", "remote": false, "floor": 9, "startedAt": "2026-02-01T00:00:00Z", "desk": {"height": 80}, "share": 0.25});
    face.post("/Users", worker("bob", bob)).await.is(201);
    face.post("/Users", worker("cyd", json!({"floor": 10, "tags": ["red"]}))).await.is(201);
    assert_found_and_sorted(face).await;
    // An index changes how they are found, not who.
    for path in ["badge", "code", "remote", "floor", "share", "startedAt", "tags", "desk.room", "tools.value"] {
        fill(face, &format!("{EMPLOYEE}:{path}")).await;
    }
    assert_found_and_sorted(face).await;
    let dan = json!({"badge": "B-9", "tags": ["RED"]});
    let dan = face.post("/Users", worker("dan", dan)).await.created();
    assert_eq!(face.find("/Users", &format!("{EMPLOYEE}:badge eq \"b-9\"")).await.each("userName"), ["dan"]);
    face.patch(&dan, json!([{"op": "replace", "path": format!("{EMPLOYEE}:badge"), "value": "B-8"}])).await.is(200);
    assert_eq!(face.find("/Users", &format!("{EMPLOYEE}:badge eq \"b-9\"")).await.total(), 0);
    assert_eq!(
        face.find("/Users", &format!("{EMPLOYEE}:tags eq \"red\"")).await.each("userName"),
        ["ada", "cyd", "dan"]
    );
    face.delete(&dan).await.is(204);
    assert_found_and_sorted(face).await;
}

async fn assert_found_and_sorted(face: &Face) {
    for (filter, expected) in FILTERS {
        let filter = format!("{EMPLOYEE}{filter}");
        assert_eq!(face.find("/Users", &filter).await.each("userName"), *expected, "{filter}");
    }
    // Without its URN an attribute is found as well.
    assert_eq!(face.find("/Users", "badge eq \"B-1\"").await.each("userName"), ["ada"]);
    assert_eq!(face.find("/Users", &format!("schemas eq \"{EMPLOYEE}\"")).await.total(), 3);
    for wrong in ["remote gt true", "floor co \"1\"", "nope eq 1", "desk.nope eq 1", "desk eq \"x\""] {
        face.find("/Users", &format!("{EMPLOYEE}:{wrong}")).await.fails(400, "invalidFilter");
    }
    for (by, expected) in [
        ("floor", ["ada", "bob", "cyd"]),
        ("badge", ["ada", "bob", "cyd"]),
        ("code", ["bob", "ada", "cyd"]),
        ("startedAt", ["ada", "bob", "cyd"]),
        ("share", ["bob", "ada", "cyd"]),
        ("tags", ["ada", "cyd", "bob"]),
        ("desk.height", ["ada", "bob", "cyd"]),
        ("remote", ["bob", "ada", "cyd"]),
    ] {
        let found = face.get(&format!("/Users?sortBy={EMPLOYEE}:{by}")).await.each("userName");
        assert_eq!(found, expected, "{by}");
    }
}

async fn fill(face: &Face, path: &str) {
    let index = ValueIndex { kind: Kind::USER, path: path.to_owned(), state: IndexState::Filling };
    let (work, slug, now) = (face.world.store.work(), &face.tenant.slug, face.world.clock.now());
    work.register_index(slug, &index, now).await.unwrap();
    while work.fill_index(slug, &index, now).await.unwrap() == FillStep::Going {}
}

#[tokio::test]
async fn groups_can_be_extended_too() {
    let face = Face::sqlite().await;
    super::declare(&face, extension("Group", false, employee_of_badges())).await.unwrap();
    let body = crate::face::group(json!({"displayName": "Lab", EMPLOYEE: {"badge": "G"}}));
    let lab = face.post("/Groups", body).await.is(201);
    assert_eq!(lab.json()[EMPLOYEE], json!({"badge": "G"}));
    let lab = lab.created();
    face.patch(&lab, json!([{"op": "replace", "path": format!("{EMPLOYEE}:badge"), "value": "H"}])).await.is(204);
    assert_eq!(face.find("/Groups", &format!("{EMPLOYEE}:badge eq \"h\"")).await.each("displayName"), ["Lab"]);
    // It extends groups and nothing else.
    face.find("/Users", &format!("{EMPLOYEE}:badge eq \"h\"")).await.fails(400, "invalidFilter");
    assert_eq!(face.get("/ResourceTypes/User").await.json()["schemaExtensions"].as_array().unwrap().len(), 1);
}
