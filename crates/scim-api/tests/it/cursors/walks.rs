//! Walking from the first page to the last meets everything once, in order.

use domain::directory::Kind;
use domain::ports::Clock as _;
use domain::store::{FillStep, Store as _};
use domain::value_index::{IndexState, ValueIndex};
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{ALL, page, walk, whole};
use crate::face::{ENTERPRISE, Face, encoded, user};

on_both_databases! { Face:
    every_order_and_filter_is_walked_once_through,
    a_filter_by_an_index_is_walked_once_through,
    values_too_long_for_a_key_are_walked_once_through,
    groups_and_their_members_are_walked_once_through,
}

const ORDERS: [&str; 12] = [
    "userName",
    "displayName",
    "externalId",
    "meta.lastModified",
    "meta.created",
    "title",
    "name.familyName",
    "emails",
    "active",
    "id",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "groups",
];

/// By columns, through documents, through both, and nothing at all.
const FILTERS: [&str; 7] = [
    "",
    "displayName eq \"same\"",
    "userName sw \"u\"",
    "title pr",
    "name.familyName co \"u\" or not (title pr)",
    "userName co \"er\" and meta.created gt \"2026-01-01T00:00:05Z\"",
    "title eq \"nobody has it\"",
];

/// People who lack some values and share others, in no order by any of them.
async fn people(face: &Face) {
    let (external, titles, names) = (["b", "B", "a", "É", "z"], ["Same", "Ähre", "ß"], ["Quill", "quill", "Zuse"]);
    for number in [4, 1, 7, 3, 0, 6, 2, 5, 8] {
        let mut person = json!({"userName": format!("uSER-{number}"), "active": number % 2 == 0});
        if number % 3 != 0 {
            person["displayName"] = json!(if number % 2 == 0 { "Same" } else { "same" });
            person["externalId"] = external[number % 5].into();
        }
        if number % 2 == 0 {
            person["title"] = titles[number % 3].into();
            person["name"] = json!({"familyName": names[(number + 1) % 3]});
            let primary = format!("{}@x", 9 - number);
            person["emails"] = json!([{"value": format!("z{number}@x")}, {"value": primary, "primary": true}]);
        }
        if number > 5 {
            person[ENTERPRISE] = json!({"department": "Lab"});
        }
        // Two at a time at each moment.
        face.world.clock.advance_seconds(i64::from(number % 2 == 0) * 3);
        face.post("/Users", user(person)).await.is(201);
    }
}

fn addresses(order: Option<&str>) -> Vec<String> {
    let filters = FILTERS.iter().map(|filter| match *filter {
        "" => String::new(),
        filter => format!("&filter={}", encoded(filter)),
    });
    let orders: Vec<String> = match order {
        None => vec![String::new()],
        Some(by) => ["ascending", "descending"].map(|order| format!("&sortBy={by}&sortOrder={order}")).to_vec(),
    };
    let all = filters.flat_map(|filter| orders.iter().map(move |order| format!("{filter}{order}")).collect::<Vec<_>>());
    all.map(|query| format!("/Users?attributes=userName{query}")).collect()
}

async fn every_order_and_filter_is_walked_once_through(face: &Face) {
    people(face).await;
    face.new_group("Lab", &[]).await;
    for order in std::iter::once(None).chain(ORDERS.map(Some)) {
        for address in addresses(order) {
            let expected = whole(face, &address).await;
            for count in [1, 2, 7] {
                let pages = walk(face, &address, count).await;
                assert_eq!(pages.concat(), expected, "{address} by {count}");
                // No page is emptier than it has to be, and no empty one is asked for.
                assert_eq!(pages.len(), expected.len().div_ceil(count).max(1), "{address} by {count}");
            }
        }
    }
}

/// An index that a tenant has because of its filters changes what is read, not what is found.
async fn a_filter_by_an_index_is_walked_once_through(face: &Face) {
    people(face).await;
    let address = |filter: &str, by: &str| format!("/Users?attributes=userName&filter={}{by}", encoded(filter));
    let filters = ["title eq \"same\"", "title sw \"s\"", "title gt \"a\"", "title pr and active eq true"];
    let orders = [
        "",
        "&sortBy=userName",
        "&sortBy=title&sortOrder=descending",
        "&sortBy=externalId",
        "&sortBy=meta.lastModified",
    ];
    let addresses: Vec<String> = filters.iter().flat_map(|filter| orders.map(|by| address(filter, by))).collect();
    let mut before = Vec::new();
    for address in &addresses {
        before.push(whole(face, address).await);
    }
    assert!(before.iter().all(|found| found.len() > 1), "{before:?}");
    fill(face, "title").await;
    for (address, expected) in addresses.iter().zip(before) {
        for count in [1, 2, 7] {
            assert_eq!(walk(face, address, count).await.concat(), expected, "{address} by {count}");
        }
    }
}

async fn fill(face: &Face, path: &str) {
    let index = ValueIndex { kind: Kind::USER, path: path.to_owned(), state: IndexState::Filling };
    let (work, slug, now) = (face.world.store.work(), &face.tenant.slug, face.world.clock.now());
    work.register_index(slug, &index, now).await.unwrap();
    while work.fill_index(slug, &index, now).await.unwrap() == FillStep::Going {}
}

/// Keys hold 200 bytes and a digest, which sorts by nothing.
async fn values_too_long_for_a_key_are_walked_once_through(face: &Face) {
    let long = "x".repeat(250);
    for number in [3, 1, 4, 0, 5, 2] {
        let name = format!("{long}{number}");
        let person = json!({"userName": name, "displayName": name, "externalId": name});
        face.post("/Users", user(person)).await.is(201);
        face.new_user(&format!("x{number}")).await;
    }
    for by in ["userName", "displayName", "externalId"] {
        for order in ["ascending", "descending"] {
            let address = format!("/Users?attributes=userName&sortBy={by}&sortOrder={order}");
            let expected = whole(face, &address).await;
            for count in [1, 2, 7] {
                assert_eq!(walk(face, &address, count).await.concat(), expected, "{address} by {count}");
            }
        }
    }
    let by_name = face.get("/Users?sortBy=userName").await.each("userName");
    let expected = |begin: &str| (0..6).map(|number| format!("{begin}{number}")).collect::<Vec<_>>();
    assert_eq!(by_name, [expected("x"), expected(&long)].concat());
}

async fn groups_and_their_members_are_walked_once_through(face: &Face) {
    let ada = face.new_user("ada").await;
    for name in ["beta", "Alpha", "gamma", "alpha", "delta"] {
        let members: &[&str] = if name.starts_with(['b', 'g']) { &[&ada] } else { &[] };
        face.new_group(name, members).await;
    }
    let member = encoded(&format!("members eq \"{}\"", crate::face::id(&ada)));
    let queries =
        [String::new(), "?sortBy=displayName".to_owned(), "?sortBy=members".to_owned(), format!("?filter={member}")];
    for query in queries {
        let address = format!("/Groups{query}");
        let expected = whole(face, &address).await;
        assert!(!expected.is_empty());
        for count in [1, 2, 7] {
            assert_eq!(walk(face, &address, count).await.concat(), expected, "{address} by {count}");
        }
    }
}

#[tokio::test]
async fn every_page_shows_the_same_total_and_what_was_asked_for() {
    let face = Face::sqlite().await;
    people(&face).await;
    let address = "/Users?sortBy=userName&attributes=userName";
    let first = page(&face, address, 4, "").await;
    assert_eq!((first.total(), first.json()["itemsPerPage"].as_u64()), (9, Some(4)));
    assert_eq!(
        first.json()["Resources"][0].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["schemas", "id", "userName"]
    );
    let second = page(&face, address, 4, &super::next(&first).unwrap()).await;
    assert_eq!((second.total(), second.json()["itemsPerPage"].as_u64()), (9, Some(4)));
    // Neither how many nor what is shown of each belongs to the question.
    let last = page(&face, "/Users?sortBy=userName&attributes=active", 7, &super::next(&second).unwrap()).await;
    assert_eq!((last.total(), last.json()["itemsPerPage"].as_u64()), (9, Some(1)));
    assert_eq!(last.json()["Resources"][0]["active"], json!(true));
    assert_eq!(super::next(&last), None);
    assert_eq!(walk(&face, address, ALL).await.len(), 1);
}

/// A cursor stands in addresses, which servers and proxies bound, whatever the values are that a list is sorted by.
#[tokio::test]
async fn a_cursor_is_short_however_long_the_values_are() {
    let face = Face::sqlite().await;
    for name in ["ada", "bob", "cyd"] {
        let long = format!("{}{name}", "ü".repeat(30_000));
        face.post("/Users", user(json!({"userName": long, "title": long, "displayName": long}))).await.is(201);
    }
    for by in ["title", "userName", "displayName"] {
        let address = format!("/Users?attributes=id&sortBy={by}");
        let first = page(&face, &address, 1, "").await;
        let cursor = super::next(&first).unwrap();
        assert!(cursor.len() < 4_000, "{by}: {}", cursor.len());
        assert_eq!(walk(&face, &address, 1).await.concat(), whole(&face, &address).await, "{by}");
    }
}

/// RFC 9865 §2: a count below 0 is 0. There is no page after nothing, so that nobody walks for ever.
#[tokio::test]
async fn a_page_of_nothing_is_the_total() {
    let face = Face::sqlite().await;
    people(&face).await;
    for filter in ["", "&filter=title+pr", "&filter=active+eq+true&sortBy=title"] {
        let total = whole(&face, &format!("/Users?{filter}")).await.len() as u64;
        for count in [0, -1, -9_223_372_036_854_775_807_i64] {
            let page = face.get(&format!("/Users?cursor&count={count}{filter}")).await.is(200);
            super::check(&page.json(), 0);
            assert_eq!((page.total(), super::next(&page)), (total, None), "{count}");
        }
    }
}

#[tokio::test]
async fn without_a_cursor_pages_are_numbered() {
    let face = Face::sqlite().await;
    people(&face).await;
    let numbered = face.get("/Users?count=2").await.is(200).json();
    assert_eq!((&numbered["startIndex"], numbered.get("nextCursor")), (&json!(1), None));
    let advertised = face.get("/ServiceProviderConfig").await.json()["pagination"].clone();
    assert_eq!((&advertised["cursor"], &advertised["index"]), (&json!(true), &json!(true)));
    assert_eq!(advertised["defaultPaginationMethod"], "index");
    assert_eq!(advertised["cursorTimeout"], 600);
}

#[tokio::test]
async fn a_message_walks_like_an_address() {
    let face = Face::sqlite().await;
    people(&face).await;
    let expected = whole(&face, "/Users?sortBy=externalId&filter=active+eq+true").await;
    let (mut found, mut cursor) = (Vec::new(), Some(json!("")));
    while let Some(given) = cursor {
        let message = json!({
            "schemas": [scim_protocol::urn::SEARCH_REQUEST], "filter": "active eq true", "sortBy": "externalId",
            "count": 2, "cursor": given,
        });
        let page = face.post("/Users/.search", message).await.is(200);
        super::check(&page.json(), 2);
        found.extend(super::ids(&page));
        cursor = page.json().get("nextCursor").cloned();
    }
    assert_eq!(found, expected);
    let null = json!({"schemas": [scim_protocol::urn::SEARCH_REQUEST], "cursor": Value::Null});
    assert_eq!(face.post("/Users/.search", null).await.is(200).json()["startIndex"], 1);
}
