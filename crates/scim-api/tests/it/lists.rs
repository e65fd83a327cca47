//! Lists: windows, totals, order, and what of each resource is shown.

use actix_web::http::Method;
use scim_protocol::discovery::Capabilities;
use serde_json::json;
use testkit::on_both_databases;

use crate::face::{ENTERPRISE, Face, Options, encoded, group, user};

on_both_databases! { Face:
    pages_follow_one_another_without_gaps,
    lists_are_sorted_as_the_rfc_says,
}

async fn people(face: &Face, count: usize) {
    for number in 0..count {
        face.new_user(&format!("user-{number:02}")).await;
    }
}

async fn pages_follow_one_another_without_gaps(face: &Face) {
    people(face, 11).await;
    for query in ["", "&sortBy=userName", "&filter=active+ne+true"] {
        let mut seen = Vec::new();
        for start in [1, 6, 11, 16] {
            let page = face.get(&format!("/Users?startIndex={start}&count=5{query}")).await.is(200);
            assert_eq!((page.total(), &page.json()["startIndex"]), (11, &json!(start)), "{query}");
            seen.extend(page.each("userName"));
        }
        let expected: Vec<String> = (0..11).map(|number| format!("user-{number:02}")).collect();
        assert_eq!(seen, expected, "{query}");
    }
}

#[tokio::test]
async fn windows_are_clamped_and_the_total_stays() {
    let capabilities = Capabilities { default_page_size: 3, max_page_size: 5, ..Options::default().capabilities };
    let face = Face::with(Options { capabilities, ..Options::default() }).await;
    people(&face, 7).await;
    for (query, start, shown) in [
        ("", 1, 3),
        ("?count=2", 1, 2),
        ("?count=0", 1, 0),
        ("?count=-1", 1, 0),
        ("?count=6", 1, 5),
        ("?count=9223372036854775807", 1, 5),
        ("?count=-9223372036854775807", 1, 0),
        ("?startIndex=0", 1, 3),
        ("?startIndex=-7", 1, 3),
        ("?startIndex=6", 6, 2),
        ("?startIndex=7&count=5", 7, 1),
        ("?startIndex=8", 8, 0),
        ("?startIndex=9223372036854775807", 9_223_372_036_854_775_807_u64, 0),
        ("?startIndex=2&count=0", 2, 0),
        ("?startIndex=&count=", 1, 3),
        ("?startIndex=%202%20", 2, 3),
    ] {
        for filter in ["", "title+ne+%22x%22"] {
            let joint = if query.is_empty() { "?" } else { "&" };
            let suffix = if filter.is_empty() { String::new() } else { format!("{joint}filter={filter}") };
            let page = face.get(&format!("/Users{query}{suffix}")).await.is(200).json();
            assert_eq!(page["totalResults"], 7, "{query}");
            assert_eq!(page["startIndex"], start, "{query}");
            assert_eq!(page["itemsPerPage"], shown, "{query}");
            assert_eq!(page["Resources"].as_array().unwrap().len(), shown, "{query}");
        }
    }
}

#[tokio::test]
async fn a_search_without_a_hit_is_an_empty_list() {
    let face = Face::sqlite().await;
    let test_connection = "userName eq \"5b0a2b0e-6b0c-4b0e-9b0a-2b0e6b0c4b0e\"";
    insta::assert_json_snapshot!(face.find("/Users", test_connection).await.readable());
    assert_eq!(face.get("/Groups").await.is(200).total(), 0);
}

#[tokio::test]
async fn a_page_reads_like_this() {
    let face = Face::sqlite().await;
    for (name, title) in [("ada", "Countess"), ("bob", "Builder"), ("cyd", "Countess")] {
        face.post("/Users", user(json!({"userName": name, "title": title}))).await.is(201);
    }
    let query = format!("filter={}&count=1&startIndex=2&attributes=userName,title", encoded("title eq \"countess\""));
    insta::assert_json_snapshot!(face.get(&format!("/Users?{query}")).await.readable());
}

async fn lists_are_sorted_as_the_rfc_says(face: &Face) {
    let mails = |own: &str, primary: &str| json!([{"value": own, "type": "home"}, {"value": primary, "type": "work", "primary": true}]);
    for person in [
        json!({"userName": "cyd", "title": "b", "externalId": "a", "active": true, "emails": mails("a@x", "c@x")}),
        json!({"userName": "Bob", "title": "B", "externalId": "B", "emails": [{"value": "b@x"}, {"value": "z@x"}]}),
        json!({"userName": "ada", "externalId": "b", "active": false, "name": {"familyName": "Quill"}}),
        json!({"userName": "Éva", "title": "A", "externalId": "A", "emails": mails("z@x", "A@x"), ENTERPRISE: {"department": "Lab"}}),
    ] {
        face.world.clock.advance_seconds(-1);
        face.post("/Users", user(person)).await.is(201);
    }
    for (sort_by, ascending) in [
        // Without regard to case; those that are equal in order of creation.
        ("userName", ["ada", "Bob", "cyd", "Éva"]),
        ("USERNAME", ["ada", "Bob", "cyd", "Éva"]),
        ("urn:ietf:params:scim:schemas:core:2.0:User:userName", ["ada", "Bob", "cyd", "Éva"]),
        ("title", ["Éva", "cyd", "Bob", "ada"]),
        // `externalId` is caseExact.
        ("externalId", ["Éva", "Bob", "cyd", "ada"]),
        // By the primary value, or the first; none comes last.
        ("emails", ["Éva", "Bob", "cyd", "ada"]),
        ("emails.value", ["Éva", "Bob", "cyd", "ada"]),
        ("active", ["ada", "cyd", "Bob", "Éva"]),
        ("name.familyName", ["ada", "cyd", "Bob", "Éva"]),
        ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", ["Éva", "cyd", "Bob", "ada"]),
        ("meta.lastModified", ["Éva", "ada", "Bob", "cyd"]),
        ("meta.created", ["Éva", "ada", "Bob", "cyd"]),
    ] {
        let sorted = async |order: &str| face.get(&format!("/Users?sortBy={sort_by}{order}")).await.each("userName");
        assert_eq!(sorted("").await, ascending, "{sort_by}");
        assert_eq!(sorted("&sortOrder=Ascending").await, ascending, "{sort_by}");
    }
    for (sort_by, descending) in [
        ("userName", ["Éva", "cyd", "Bob", "ada"]),
        // What is missing comes first; those that are equal are still in order of creation.
        ("title", ["ada", "cyd", "Bob", "Éva"]),
        ("emails", ["ada", "cyd", "Bob", "Éva"]),
        ("active", ["Bob", "Éva", "cyd", "ada"]),
    ] {
        let found = face.get(&format!("/Users?sortBy={sort_by}&sortOrder=descending")).await.each("userName");
        assert_eq!(found, descending, "{sort_by}");
    }
    let filtered = format!("/Users?sortBy=title&count=1&startIndex=2&filter={}", encoded("title pr"));
    assert_eq!(face.get(&filtered).await.each("userName"), ["cyd"]);
}

#[tokio::test]
async fn groups_are_sorted_too() {
    let face = Face::sqlite().await;
    for name in ["beta", "Alpha", "gamma"] {
        face.new_group(name, &[]).await;
    }
    let found = face.get("/Groups?sortBy=displayName&sortOrder=descending").await.each("displayName");
    assert_eq!(found, ["gamma", "beta", "Alpha"]);
}

#[tokio::test]
async fn an_order_that_is_none_is_refused() {
    let face = Face::sqlite().await;
    for (query, scim_type) in [
        ("sortBy=name", "invalidPath"),
        ("sortBy=meta", "invalidPath"),
        ("sortBy=a%20b", "invalidPath"),
        ("sortBy=emails%5Btype%20pr%5D", "invalidPath"),
        ("sortBy=userName&sortOrder=up", "invalidValue"),
        ("sortOrder=up", "invalidValue"),
        ("sortBy=userName&sortBy=title", "invalidValue"),
        ("count=1&count=1", "invalidValue"),
    ] {
        face.get(&format!("/Users?{query}")).await.fails(400, scim_type);
    }
}

#[tokio::test]
async fn what_is_never_shown_cannot_be_found_out_by_its_order() {
    let face = Face::sqlite().await;
    face.get("/Users?sortBy=password").await.fails(400, "invalidPath");
}

#[tokio::test]
async fn unknown_parameters_are_passed_over() {
    let face = Face::sqlite().await;
    face.new_user("ada").await;
    for query in
        ["aadOptscim062020", "AzureAdScimPatch2017=", "cursor", "cursor=&x=y=z", "&&&", "=", "Filter=nonsense", "%ff"]
    {
        assert_eq!(face.get(&format!("/Users?{query}")).await.each("userName"), ["ada"], "{query}");
    }
    face.get("/Users/?aadOptscim062020").await.is(200);
    let filter = "filter=userName+eq+%22ADA%22&aadOptscim062020";
    assert_eq!(face.get(&format!("/Users?{filter}")).await.total(), 1);
}

#[tokio::test]
async fn a_list_of_groups_with_too_many_members_asks_to_leave_them_out() {
    let face = Face::with(Options { list_members_limit: 3, ..Options::default() }).await;
    let (ada, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    face.new_group("One", &[&ada, &bob]).await;
    let two = face.new_group("Two", &[&ada, &bob]).await;
    for query in ["", "?attributes=members.value", "?filter=displayName+pr", "?excludedAttributes=members.value"] {
        let detail = face.get(&format!("/Groups{query}")).await.fails(400, "tooMany");
        assert!(detail.contains("excludedAttributes=members"), "{detail}");
    }
    for query in ["excludedAttributes=members", "excludedAttributes=displayName,Members", "attributes=displayName"] {
        let list = face.get(&format!("/Groups?{query}")).await.is(200).json();
        assert_eq!(list["totalResults"], 2);
        assert!(list["Resources"].as_array().unwrap().iter().all(|group| group.get("members").is_none()), "{query}");
    }
    // One page of it, one group of it and a total are no trouble.
    assert_eq!(face.get("/Groups?count=1").await.each("displayName"), ["One"]);
    assert_eq!(face.get("/Groups?count=0").await.is(200).total(), 2);
    assert_eq!(face.get(&two).await.is(200).json()["members"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_list_shows_of_each_what_a_single_read_shows() {
    let face = Face::sqlite().await;
    let ada = face.post("/Users", crate::face::ada()).await.created();
    let body = group(json!({"displayName": "Lab", "members": crate::face::elements(&[&ada])}));
    let lab = face.post("/Groups", body).await.created();
    for query in ["", "?attributes=userName,displayName", "?excludedAttributes=meta,members", "?attributes=id"] {
        for path in [&ada, &lab] {
            let endpoint = path.rsplit_once('/').unwrap().0;
            let single = face.get(&format!("{path}{query}")).await.is(200).json();
            let list = face.ask(Method::GET, &format!("{endpoint}{query}")).send().await.is(200).json();
            assert_eq!(list["Resources"], json!([single]), "{query}");
        }
    }
}
