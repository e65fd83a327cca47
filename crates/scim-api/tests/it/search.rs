//! Searches over all types and by message (RFC 7644 §3.4.2.1, §3.4.3).

use actix_web::http::Method;
use scim_protocol::urn;
use serde_json::{Map, Value, json};
use testkit::on_both_databases;

use crate::face::{Face, encoded, group, id, user};

on_both_databases! { Face:
    a_message_means_the_same_as_an_address,
    pages_by_number_go_over_the_border_between_types,
    all_types_are_sorted_together,
    what_a_type_lacks_has_no_value_there,
}

/// Users: ada, bob, cyd; groups: Beta with ada, alpha, Crew.
async fn company(face: &Face) {
    let ada = json!({"userName": "ada", "displayName": "Bea", "externalId": "3", "title": "Countess"});
    let ada = face.post("/Users", user(ada)).await.created();
    for (name, members) in [("Beta", &[ada.as_str()] as &[_]), ("alpha", &[])] {
        face.world.clock.advance_seconds(1);
        face.new_group(name, members).await;
    }
    face.world.clock.advance_seconds(1);
    face.post("/Users", user(json!({"userName": "bob", "displayName": "Alma", "externalId": "1"}))).await.is(201);
    face.new_user("cyd").await;
    face.post("/Groups", group(json!({"displayName": "Crew", "externalId": "2"}))).await.is(201);
}

/// Whatever resource it is, by a name that only it has.
fn names(list: &Value) -> Vec<String> {
    let name = |it: &Value| it["userName"].as_str().or(it["displayName"].as_str()).unwrap_or("-").to_owned();
    list["Resources"].as_array().unwrap().iter().map(name).collect()
}

async fn found(face: &Face, query: &str) -> Vec<String> {
    names(&face.get(&format!("?{query}")).await.is(200).json())
}

async fn a_message_means_the_same_as_an_address(face: &Face) {
    company(face).await;
    let questions = [
        json!({}),
        json!({"filter": "displayName sw \"b\" or externalId pr"}),
        json!({"filter": "displayName eq \"BETA\"", "attributes": ["displayName", "members.value"]}),
        json!({"sortBy": "displayName", "sortOrder": "descending", "startIndex": 2, "count": 2}),
        json!({"excludedAttributes": ["meta", "members", "groups"], "count": 4}),
        json!({"count": 0}),
        json!({"count": -1, "startIndex": -1}),
        json!({"startIndex": 7}),
        json!({"filter": "meta.resourceType eq \"Group\" and not (externalId eq \"2\")"}),
    ];
    for question in questions {
        for endpoint in ["", "/Users", "/Groups"] {
            let mut message = question.clone();
            message["schemas"] = json!([urn::SEARCH_REQUEST]);
            let by_message = face.post(&format!("{endpoint}/.search"), message).await.is(200).json();
            let by_address = face.get(&format!("{endpoint}?{}", as_query(&question))).await.is(200).json();
            assert_eq!(by_message, by_address, "{endpoint} {question}");
        }
    }
}

fn as_query(question: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>().join(","),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let members: &Map<String, Value> = question.as_object().unwrap();
    members.iter().map(|(name, value)| format!("{name}={}", encoded(&text(value)))).collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn what_is_no_search_request_is_refused() {
    let face = Face::sqlite().await;
    for endpoint in ["", "/Users", "/Groups"] {
        for (message, scim_type) in [
            (json!([]), "invalidSyntax"),
            (json!({"filter": "title pr"}), "invalidSyntax"),
            (json!({"schemas": [urn::LIST_RESPONSE]}), "invalidSyntax"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "filter": "title pr pr"}), "invalidFilter"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "filter": "nope eq 1"}), "invalidFilter"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "filter": ""}), "invalidFilter"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "count": "many"}), "invalidValue"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "count": 1.5}), "invalidValue"),
            (json!({"schemas": [urn::SEARCH_REQUEST], "sortBy": "nope"}), "invalidPath"),
            (
                json!({"schemas": [urn::SEARCH_REQUEST], "attributes": ["id"], "excludedAttributes": ["meta"]}),
                "invalidValue",
            ),
        ] {
            face.post(&format!("{endpoint}/.search"), message).await.fails(400, scim_type);
        }
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let refused = face.ask(method, &format!("{endpoint}/.search")).send().await.is(405);
            assert_eq!(refused.header("allow"), Some("POST"), "{endpoint}");
        }
    }
    let anything = json!({"schemas": [urn::SEARCH_REQUEST]});
    face.post("/Robots/.search", anything.clone()).await.is(404);
    face.stranger(Method::POST, "/t/acme/scim/v2/.search").json(&anything).send().await.is(401);
}

async fn pages_by_number_go_over_the_border_between_types(face: &Face) {
    company(face).await;
    let everything = ["ada", "bob", "cyd", "Beta", "alpha", "Crew"];
    for filter in ["", "filter=id+pr&", "filter=userName+pr+or+displayName+co+%22a%22+or+displayName+eq+%22crew%22&"] {
        assert_eq!(found(face, filter).await, everything);
        for count in 1..=7 {
            for start in 1..=7 {
                let page = face.get(&format!("?{filter}startIndex={start}&count={count}")).await.is(200).json();
                assert_eq!((&page["totalResults"], &page["startIndex"]), (&json!(6), &json!(start)));
                let end = (start - 1 + count).min(6);
                assert_eq!(names(&page), everything[(start - 1).min(end)..end], "{filter} {start} {count}");
            }
        }
    }
}

async fn all_types_are_sorted_together(face: &Face) {
    company(face).await;
    for (by, ascending, descending) in [
        ("displayName", ["bob", "alpha", "ada", "Beta", "Crew", "cyd"], ["cyd", "Crew", "Beta", "ada", "alpha", "bob"]),
        ("externalId", ["bob", "Crew", "ada", "cyd", "Beta", "alpha"], ["cyd", "Beta", "alpha", "ada", "Crew", "bob"]),
        // What a type lacks is missing in all of it.
        ("userName", ["ada", "bob", "cyd", "Beta", "alpha", "Crew"], ["Beta", "alpha", "Crew", "cyd", "bob", "ada"]),
        ("title", ["ada", "bob", "cyd", "Beta", "alpha", "Crew"], ["bob", "cyd", "Beta", "alpha", "Crew", "ada"]),
        (
            "meta.created",
            ["ada", "Beta", "alpha", "bob", "cyd", "Crew"],
            ["bob", "cyd", "Crew", "alpha", "Beta", "ada"],
        ),
        (
            "meta.resourceType",
            ["Beta", "alpha", "Crew", "ada", "bob", "cyd"],
            ["ada", "bob", "cyd", "Beta", "alpha", "Crew"],
        ),
    ] {
        assert_eq!(found(face, &format!("sortBy={by}")).await, ascending, "{by}");
        assert_eq!(found(face, &format!("sortBy={by}&sortOrder=descending")).await, descending, "{by}");
        for start in 1..=6 {
            let page = found(face, &format!("sortBy={by}&startIndex={start}&count=2")).await;
            assert_eq!(page, ascending[start - 1..(start + 1).min(6)], "{by} from {start}");
        }
    }
}

async fn what_a_type_lacks_has_no_value_there(face: &Face) {
    company(face).await;
    let (ada, beta) =
        (&face.find("/Users", "userName eq \"ada\"").await, &face.find("/Groups", "displayName eq \"beta\"").await);
    let of = |answer: &crate::face::Answer| answer.json()["Resources"][0]["id"].as_str().unwrap().to_owned();
    for (filter, expected) in [
        ("userName pr".to_owned(), vec!["ada", "bob", "cyd"]),
        ("not (userName pr)".to_owned(), vec!["Beta", "alpha", "Crew"]),
        ("userName eq \"ADA\" or displayName eq \"crew\"".to_owned(), vec!["ada", "Crew"]),
        ("members pr".to_owned(), vec!["Beta"]),
        (format!("members eq \"{}\"", of(ada)), vec!["Beta"]),
        (format!("groups eq \"{}\" or members eq \"{}\"", of(beta), of(ada)), vec!["ada", "Beta"]),
        (format!("id eq \"{}\"", of(beta)), vec!["Beta"]),
        ("meta.resourceType eq \"Group\"".to_owned(), vec!["Beta", "alpha", "Crew"]),
        ("meta.resourceType eq \"User\" and externalId pr".to_owned(), vec!["ada", "bob"]),
        ("meta.resourceType eq \"Robot\"".to_owned(), vec![]),
        ("externalId ge \"2\"".to_owned(), vec!["ada", "Crew"]),
        ("userName eq \"ada\" and members pr".to_owned(), vec![]),
        (format!("schemas eq \"{}\"", urn::GROUP), vec!["Beta", "alpha", "Crew"]),
        (format!("{}:title pr", urn::USER), vec!["ada"]),
        (format!("{}:displayName eq \"beta\"", urn::GROUP), vec!["Beta"]),
        (format!("{}:displayName pr", urn::USER), vec!["ada", "bob"]),
    ] {
        let list = face.find("", &filter).await.is(200).json();
        assert_eq!(names(&list), expected, "{filter}");
        assert_eq!(list["totalResults"], expected.len(), "{filter}");
    }
    face.find("", "nope pr").await.fails(400, "invalidFilter");
    face.find("", "userName gt true").await.fails(400, "invalidFilter");
}

#[tokio::test]
async fn each_type_is_shown_by_its_own_schema() {
    let face = Face::sqlite().await;
    company(&face).await;
    let list = face.get("?attributes=userName,members.type&count=4").await.is(200).json();
    let resources = list["Resources"].as_array().unwrap();
    assert_eq!(resources[0], user(json!({"id": resources[0]["id"], "userName": "ada"})));
    assert_eq!(resources[3], group(json!({"id": resources[3]["id"], "members": [{"type": "User"}]})));
    for whole in face.get("").await.is(200).json()["Resources"].as_array().unwrap() {
        let path = crate::face::path(whole["meta"]["location"].as_str().unwrap());
        assert_eq!(&face.get(&path).await.json(), whole);
    }
}

#[tokio::test]
async fn a_sorted_page_of_all_types_lies_only_so_deep() {
    let face = Face::sqlite().await;
    company(&face).await;
    let detail = face.get("?sortBy=displayName&startIndex=4990&count=100").await.fails(400, "tooMany");
    assert!(detail.contains("cursor"), "{detail}");
    assert_eq!(found(&face, "startIndex=4990&count=100").await, Vec::<String>::new());
    assert_eq!(found(&face, "sortBy=displayName&startIndex=4000&count=100").await, Vec::<String>::new());
}

#[tokio::test]
async fn secrets_are_asked_for_nowhere() {
    let face = Face::sqlite().await;
    company(&face).await;
    for filter in ["password eq \"x\"", "userName eq \"ada\" and password pr", "not (password sw \"x\")"] {
        for endpoint in ["", "/Users"] {
            face.find(endpoint, filter).await.fails(403, "sensitive");
            let message = json!({"schemas": [urn::SEARCH_REQUEST], "filter": filter});
            let refused = face.post(&format!("{endpoint}/.search"), message).await;
            assert!([400, 403].contains(&refused.status), "{filter}: {refused:?}");
        }
    }
}

/// RFC 7644 §3.9: on every operation that returns a resource.
#[tokio::test]
async fn writes_show_what_was_asked_for() {
    let face = Face::sqlite().await;
    let person =
        user(json!({"userName": "ada", "title": "Countess", "name": {"givenName": "Ada", "familyName": "Quill"}}));
    let created = face.post("/Users?attributes=userName,name.givenName", person.clone()).await.is(201);
    let body = created.json();
    let expected = user(json!({"id": body["id"], "userName": "ada", "name": {"givenName": "Ada"}}));
    assert_eq!(body, expected);
    let ada = created.created();
    assert_eq!(id(&ada), body["id"]);

    let replaced = face.put(&format!("{ada}?attributes=name.givenName,userName"), person.clone()).await.is(200).json();
    assert_eq!(replaced, expected);
    let retitle = json!([{"op": "replace", "path": "title", "value": "Lady"}]);
    let patched = face.patch(&format!("{ada}?attributes=title"), retitle.clone()).await.is(200).json();
    assert_eq!(patched, user(json!({"id": body["id"], "title": "Lady"})));
    let without =
        face.patch(&format!("{ada}?excludedAttributes=meta,name.familyName,id,schemas"), retitle).await.is(200);
    let expected = json!({"id": body["id"], "userName": "ada", "title": "Lady", "name": {"givenName": "Ada"}});
    assert_eq!(without.json(), user(expected));
    let other = user(json!({"userName": "bob", "title": "x"}));
    let created = face.post("/Users?excludedAttributes=title,meta", other).await.is(201).json();
    assert_eq!(created, user(json!({"id": created["id"], "userName": "bob"})));
    let lab =
        face.post("/Groups?attributes=displayName", group(json!({"displayName": "Lab", "externalId": "1"}))).await;
    let lab = lab.is(201).json();
    assert_eq!(lab, group(json!({"id": lab["id"], "displayName": "Lab"})));
}

#[tokio::test]
async fn a_group_s_patch_shows_what_was_asked_for() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let join = json!([{"op": "add", "path": "members", "value": crate::face::elements(&[&ada])}]);
    face.patch(&lab, join.clone()).await.is(204);
    let whole = face.get(&lab).await.json();
    assert_eq!(face.patch(&format!("{lab}?excludedAttributes=externalId"), join.clone()).await.is(200).json(), whole);
    let shown = face.patch(&format!("{lab}?attributes=members.value"), join.clone()).await.is(200).json();
    assert_eq!(shown, group(json!({"id": id(&lab), "members": [{"value": id(&ada)}]})));
    // A name that means nothing was asked for all the same.
    let minimum = face.patch(&format!("{lab}?attributes=nope"), join).await.is(200).json();
    assert_eq!(minimum, group(json!({"id": id(&lab)})));
}

#[tokio::test]
async fn what_cannot_be_shown_is_not_done() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let (facts, both) = (face.facts(), "attributes=userName&excludedAttributes=title");
    let body = user(json!({"userName": "eve", "title": "x"}));
    face.post(&format!("/Users?{both}"), body.clone()).await.fails(400, "invalidValue");
    face.put(&format!("{ada}?{both}"), body).await.fails(400, "invalidValue");
    let patch = json!([{"op": "add", "path": "title", "value": "x"}]);
    face.patch(&format!("{ada}?{both}"), patch).await.fails(400, "invalidValue");
    assert_eq!(face.facts(), facts);
    for never in ["attributes=password", "attributes=password,userName"] {
        let shown = face
            .post(
                &format!("/Users?{never}"),
                user(json!({"userName": format!("u{}", never.len()), "password": "p4ssw0rd"})),
            )
            .await;
        assert_eq!(shown.is(201).json().get("password"), None);
    }
}
