//! What comes and goes between two pages does not move what stays.

use serde_json::json;
use testkit::on_both_databases;

use super::{next, page};
use crate::face::{Face, encoded, user};

on_both_databases! { Face:
    who_stays_is_met_once_whoever_comes_and_goes,
    whoever_comes_later_in_the_order_is_met,
    a_page_goes_on_after_a_resource_that_is_gone,
}

const ORDERS: [&str; 6] = ["", "userName", "externalId", "meta.created", "title", "displayName"];

async fn person(face: &Face, name: &str, number: usize) -> String {
    let mut person = json!({"userName": name, "title": format!("t{}", number % 3)});
    if number.is_multiple_of(2) {
        person["externalId"] = json!(format!("e{}", number * 7 % 10));
        person["displayName"] = json!("same");
    }
    face.world.clock.advance_seconds(1);
    face.post("/Users", user(person)).await.created()
}

async fn who_stays_is_met_once_whoever_comes_and_goes(face: &Face) {
    let mut stay = Vec::new();
    for number in 0..8 {
        stay.push(person(face, &format!("m{number}"), number).await);
    }
    stay.sort();
    let mut number = 100;
    for by in ORDERS {
        for order in ["ascending", "descending"] {
            for filter in
                ["", "userName pr", "title sw \"t\"", "userName sw \"m\" or userName sw \"a\" or userName sw \"z\""]
            {
                let sorted = if by.is_empty() { String::new() } else { format!("&sortBy={by}&sortOrder={order}") };
                let filter = if filter.is_empty() { String::new() } else { format!("&filter={}", encoded(filter)) };
                let address = format!("/Users?attributes=userName{sorted}{filter}");
                let found = walk_while_changing(face, &address, &mut number).await;
                let mut found: Vec<String> = found.into_iter().filter(|path| stay.contains(path)).collect();
                found.sort();
                assert_eq!(found, stay, "{address}");
            }
        }
    }
}

/// Between two pages, somebody comes at either end and in the middle, and somebody of them goes again.
async fn walk_while_changing(face: &Face, address: &str, number: &mut usize) -> Vec<String> {
    let (mut found, mut cursor, mut passing) = (Vec::new(), String::new(), Vec::new());
    loop {
        let page = page(face, address, 3, &cursor).await;
        found.extend(super::ids(&page).into_iter().map(|id| format!("/Users/{id}")));
        let Some(next) = next(&page) else { break };
        cursor = next;
        assert!(found.len() < 60, "{address}: {found:?}");
        // Two pages are enough to come and to go; whoever comes at the end for ever is met for ever.
        if passing.len() < 6 {
            for name in ["a", "m3", "z"] {
                *number += 1;
                passing.push(person(face, &format!("{name}-{number}"), *number).await);
            }
            let gone = passing.remove(passing.len() / 2);
            face.delete(&gone).await.is(204);
        }
    }
    for path in passing {
        face.delete(&path).await.is(204);
    }
    found
}

async fn whoever_comes_later_in_the_order_is_met(face: &Face) {
    for name in ["b", "d", "f"] {
        face.new_user(name).await;
    }
    let address = "/Users?sortBy=userName";
    let first = page(face, address, 2, "").await;
    for name in ["a", "c", "e", "g"] {
        face.new_user(name).await;
    }
    let rest = page(face, address, 10, &next(&first).unwrap()).await;
    assert_eq!((rest.total(), rest.each("userName")), (7, vec!["e".to_owned(), "f".to_owned(), "g".to_owned()]));
}

/// A cursor holds a place, not a resource: not even who stood there last is needed.
async fn a_page_goes_on_after_a_resource_that_is_gone(face: &Face) {
    for address in
        ["/Users?count=2", "/Users?sortBy=userName", "/Users?sortBy=title&filter=title+pr", "?sortBy=userName"]
    {
        let mut people = Vec::new();
        for number in 0..5 {
            let body = user(json!({"userName": format!("u{number}"), "title": format!("{number}")}));
            people.push(face.post("/Users", body).await.created());
        }
        let address = address.replace("?count=2", "");
        let first = page(face, &address, 2, "").await;
        for path in &people[..3] {
            face.delete(path).await.is(204);
        }
        let rest = page(face, &address, 2, &next(&first).unwrap()).await;
        assert_eq!(next(&rest), None);
        assert_eq!((rest.total(), rest.each("userName")), (2, vec!["u3".to_owned(), "u4".to_owned()]), "{address}");
        for path in &people[3..] {
            face.delete(path).await.is(204);
        }
    }
}

/// When what is left of the list has gone, the cursor leads to an empty last page.
#[tokio::test]
async fn a_page_after_which_nothing_is_left_is_empty() {
    let face = Face::sqlite().await;
    let (_, bob) = (face.new_user("ada").await, face.new_user("bob").await);
    let first = page(&face, "/Users", 1, "").await;
    face.delete(&bob).await.is(204);
    let last = page(&face, "/Users", 1, &next(&first).unwrap()).await;
    assert_eq!((last.total(), next(&last), last.each("userName")), (1, None, Vec::new()));
}
