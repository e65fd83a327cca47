//! Bad questions and wrong places: what is answered to them, and that it changes nothing.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use domain::context::Actor;
use domain::tenant::{ProvisioningState, TenantStatus};
use scim_protocol::urn;
use serde_json::{Value, json};
use testkit::World;

use crate::face::{Face, ada, encoded, group, patch_op, user};

#[tokio::test]
async fn a_filter_that_cannot_be_read_names_the_position() {
    let face = Face::sqlite().await;
    face.new_user("ada").await;
    for (filter, position) in [
        ("userName", 9),
        ("userName eq", 12),
        ("userName eq ada", 13),
        (r#"userName foo "ada""#, 10),
        (r#"userName eq "ada"#, 13),
        (r#"(userName eq "ada""#, 19),
        (r#"userName eq "ada")"#, 18),
        (r#"emails[type eq "work""#, 22),
        (r#"emails type eq "work"]"#, 8),
        (r#"userName eq "ada" userName pr"#, 19),
        (r#"userName eq "ada" and"#, 22),
        ("not userName pr", 5),
        ("'; DROP TABLE resource; --", 1),
        ("userName eq \"a\u{0}\"", 13),
        ("userName\u{0} pr", 9),
        ("userName eq 1e999", 13),
        (" ", 2),
    ] {
        for endpoint in ["/Users", "/Groups"] {
            let detail = face.find(endpoint, filter).await.fails(400, "invalidFilter");
            assert!(detail.contains(&format!("position {position}:")), "{filter}: {detail}");
        }
    }
}

/// A client whose template came out empty must not be told that everybody matches.
#[tokio::test]
async fn an_empty_filter_is_no_filter_for_everything() {
    let face = Face::sqlite().await;
    face.new_user("ada").await;
    for query in ["filter=", "filter", "filter=+", "startIndex=1&filter=&count=1"] {
        let detail = face.get(&format!("/Users?{query}")).await.fails(400, "invalidFilter");
        assert!(detail.contains("position"), "{detail}");
    }
}

#[tokio::test]
async fn long_and_deep_filters_are_refused() {
    let face = Face::sqlite().await;
    let of_length = |length: usize| format!("userName eq \"{}\"", "x".repeat(length - 14));
    face.find("/Users", &of_length(8192)).await.is(200);
    let detail = face.find("/Users", &of_length(8193)).await.fails(400, "invalidFilter");
    assert!(detail.contains("position 8192"), "{detail}");
    let of_depth = |depth: usize| "(".repeat(depth) + "userName pr" + &")".repeat(depth);
    face.find("/Users", &of_depth(32)).await.is(200);
    let detail = face.find("/Users", &of_depth(33)).await.fails(400, "invalidFilter");
    assert!(detail.contains("position 34"), "{detail}");
    let nots = "not (".repeat(1000) + "userName pr" + &")".repeat(1000);
    face.find("/Users", &nots).await.fails(400, "invalidFilter");
}

#[tokio::test]
async fn an_operator_that_does_not_suit_its_attribute_is_refused() {
    let face = Face::sqlite().await;
    for filter in [
        "active gt true",
        "active co true",
        "active eq \"maybe\"",
        "active eq 1",
        "userName eq 5",
        "userName eq true",
        "userName gt null",
        "meta.lastModified gt \"yesterday\"",
        "meta.lastModified co \"2026\"",
        "x509Certificates.value gt \"TUlJQg==\"",
        "name eq \"Ada\"",
        "userName[type eq \"work\"]",
        "meta.location sw \"x\"",
        "emails[value eq 5]",
    ] {
        face.find("/Users", filter).await.fails(400, "invalidFilter");
    }
}

#[tokio::test]
async fn what_is_not_utf_8_in_a_query_is_refused() {
    let face = Face::sqlite().await;
    for parameter in ["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count"] {
        let detail = face.get(&format!("/Users?{parameter}=a%ff")).await.fails(400, "invalidValue");
        assert!(detail.contains(parameter), "{detail}");
    }
    face.get("/Users?somethingElse=%ff&%ff=1").await.is(200);
}

#[tokio::test]
async fn numbers_that_are_none_or_out_of_range_are_refused() {
    let face = Face::sqlite().await;
    for parameter in ["startIndex", "count"] {
        for number in ["x", "1.5", "1e3", "9223372036854775808", "-9223372036854775809", "0x10", "%D9%A1", "1;2"] {
            let detail = face.get(&format!("/Users?{parameter}={number}")).await.fails(400, "invalidValue");
            assert!(detail.contains(parameter), "{detail}");
        }
    }
    for (name, value) in [("active", json!(1)), ("userName", json!(5)), ("emails", json!(7)), ("name", json!([1, 2]))] {
        let mut body = ada();
        body[name] = value;
        let detail = face.post("/Users", body).await.fails(400, "invalidValue");
        assert!(detail.contains(name), "{detail}");
    }
}

#[tokio::test]
async fn wrong_methods_are_405_and_name_the_right_ones() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    for (method, path, allow) in [
        (Method::PUT, "/Users", "GET, HEAD, POST"),
        (Method::PATCH, "/Groups", "GET, HEAD, POST"),
        (Method::DELETE, "/Users", "GET, HEAD, POST"),
        (Method::OPTIONS, "/Users", "GET, HEAD, POST"),
        (Method::POST, &path, "GET, HEAD, PUT, PATCH, DELETE"),
        (Method::GET, "/Users/.search", "POST"),
        (Method::PUT, "/.search", "POST"),
        (Method::GET, "/Bulk", "POST"),
        (Method::PATCH, "", "GET, HEAD"),
        (Method::from_bytes(b"BREW").unwrap(), &path, "GET, HEAD, PUT, PATCH, DELETE"),
    ] {
        let answer = face.ask(method, path).send().await.is(405);
        assert_eq!(answer.header("allow"), Some(allow), "{path}");
    }
}

#[tokio::test]
async fn unknown_addresses_are_404() {
    let face = Face::sqlite().await;
    for path in [
        "/Persons",
        "/users",
        "/Users/a/b",
        "/bulk",
        "/me",
        "/Persons/.search",
        "/Schemas/a/b",
        "/ServiceProviderConfigs",
    ] {
        for method in [Method::GET, Method::POST, Method::DELETE, Method::PATCH] {
            face.ask(method, path).json(&json!({})).send().await.is(404);
        }
    }
    for uri in ["/", "/t/acme", "/t/acme/scim", "/t/acme/scim/v1/Users", "/scim/v2/Users", "/favicon.ico"] {
        face.stranger(Method::GET, uri).send().await.is(404);
    }
}

#[tokio::test]
async fn what_was_sent_is_not_quoted_at_length() {
    let face = Face::sqlite().await;
    let long = "ü".repeat(100_000);
    let twin = user(json!({"userName": long}));
    let path = face.post("/Users", twin.clone()).await.created();
    let details = [
        face.post("/Users", twin).await.fails(409, "uniqueness"),
        face.post("/Users", json!({"schemas": [urn::USER, long], "userName": "x"})).await.fails(400, "invalidValue"),
        face.patch(&path, json!([{"op": "add", "path": long, "value": "x"}])).await.fails(400, "invalidPath"),
        face.get(&format!("/Users?sortBy={}", "x".repeat(10_000))).await.fails(400, "invalidPath"),
    ];
    for detail in details {
        assert!(detail.chars().count() <= 1_001 && detail.ends_with('…'), "{detail}");
    }
}

/// One of each, to be read.
#[tokio::test]
async fn errors_read_like_this() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[]).await;
    let add_stranger = json!([{"op": "add", "path": "members", "value": [{"value": "nobody"}]}]);
    let sixth_is_bad: Vec<Value> = (0..10)
        .map(|number| json!({"op": "replace", "path": "active", "value": if number == 6 { json!("maybe") } else { json!(true) }}))
        .collect();
    let answers = [
        ("unreadable filter", face.find("/Users", "userName eq ada").await),
        ("unknown attribute", face.find("/Users", "shoeSize eq 43").await),
        ("one bad operation", face.patch(&ada, json!(sixth_is_bad)).await),
        ("unknown member", face.patch(&lab, add_stranger).await),
        ("name in use", face.post("/Users", user(json!({"userName": "ADA"}))).await),
        ("required", face.post("/Groups", group(json!({}))).await),
        ("unreadable body", face.ask(Method::POST, "/Users").bytes("{\"userName\": tru").send().await),
        ("duplicate key", face.ask(Method::POST, "/Users").bytes("{\"a\":1,\"a\":2}").send().await),
        (
            "wrong media type",
            face.ask(Method::POST, "/Users").header((CONTENT_TYPE, "text/xml")).bytes("<a/>").send().await,
        ),
        ("not there", face.get("/Users/nobody").await),
        ("wrong method", face.delete("/Users").await),
        ("nowhere", face.get("/Persons").await),
        ("no token", face.stranger(Method::GET, "/t/acme/scim/v2/Users").send().await),
    ];
    let read: serde_json::Map<String, Value> =
        answers.into_iter().map(|(name, answer)| (name.to_owned(), answer.readable())).collect();
    insta::assert_json_snapshot!(read);
}

#[tokio::test]
async fn a_tenant_that_is_closed_says_why_and_who_can_open_it() {
    let face = Face::sqlite().await;
    let ask = async || face.get("/Users?count=0").await;
    let mut answers = Vec::new();
    for state in [ProvisioningState::Off, ProvisioningState::Paused] {
        face.switch(state).await;
        answers.push(ask().await.readable());
        face.post("/Users", ada()).await;
        face.get("/Nowhere").await;
    }
    face.switch(ProvisioningState::On).await;
    assert_eq!(ask().await.is(200).total(), 0);
    let World { tenants, .. } = &face.world;
    let now = domain::ports::Clock::now(&*face.world.clock);
    tenants.set_status(&Actor::Operator, &face.tenant.slug, TenantStatus::Suspended, now).await.unwrap();
    answers.push(ask().await.readable());
    insta::assert_json_snapshot!(answers);
}

#[tokio::test]
async fn a_database_that_is_away_is_503_and_everything_goes_on_when_it_is_back() {
    let face = Face::sqlite().await;
    let path = face.new_user("ada").await;
    face.store.go_away(true);
    let body = patch_op(&json!([{"op": "add", "path": "title", "value": "x"}]));
    for (method, path) in [
        (Method::GET, "/Users"),
        (Method::POST, "/Users"),
        (Method::GET, &path),
        (Method::PATCH, &path),
        (Method::PUT, &path),
        (Method::DELETE, &path),
        (Method::GET, "/ServiceProviderConfig"),
    ] {
        let answer = face.ask(method, path).json(&body).send().await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert!(!String::from_utf8_lossy(&answer.bytes).contains("refused"), "{answer:?}");
    }
    face.store.go_away(false);
    face.ask(Method::PATCH, &path).json(&body).send().await.is(200);
}

#[tokio::test]
async fn another_tenants_resources_are_not_there() {
    let face = Face::sqlite().await;
    let other = face.world.cx(&face.world.tenant("globex").await);
    let stranger = face.world.user(&other, "stranger").await;
    let path = format!("/Users/{}", stranger.stored.id);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        face.ask(method, &path).json(&ada()).send().await.is(404);
    }
    face.patch(&path, json!([{"op": "remove", "path": "title"}])).await.is(404);
    let members = json!([{"value": stranger.stored.id.to_string()}]);
    face.post("/Groups", group(json!({"displayName": "Lab", "members": members}))).await.fails(400, "invalidValue");
    assert_eq!(face.get(&format!("/Users?filter={}", encoded("userName pr"))).await.total(), 0);
    assert_eq!(face.get("/Users").await.total(), 0);
}
