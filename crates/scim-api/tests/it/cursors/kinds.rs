//! Cursors over all types at once.

use serde_json::json;
use testkit::on_both_databases;

use super::{ALL, walk, whole};
use crate::face::{Face, encoded, group, user};

on_both_databases! { Face:
    all_types_are_walked_once_through,
}

async fn company(face: &Face) {
    for (number, name) in ["b", "É", "a", "Z"].into_iter().enumerate() {
        face.world.clock.advance_seconds(1);
        let shared = json!({"displayName": name, "externalId": format!("{}", 9 - number)});
        let mut person = shared.clone();
        person["userName"] = json!(format!("user-{name}"));
        face.post("/Users", user(person)).await.is(201);
        face.post("/Groups", group(shared)).await.is(201);
        face.new_user(&format!("plain-{number}")).await;
    }
    face.new_group("B", &[]).await;
}

async fn all_types_are_walked_once_through(face: &Face) {
    company(face).await;
    let orders = [
        "",
        "&sortBy=displayName",
        "&sortBy=externalId",
        "&sortBy=meta.lastModified",
        "&sortBy=userName",
        "&sortBy=meta.resourceType",
    ];
    let filters = [
        "",
        "displayName pr",
        "userName sw \"u\"",
        "displayName eq \"b\" or meta.resourceType eq \"User\"",
        "title pr",
    ];
    for (filter, by) in filters.iter().flat_map(|filter| orders.map(|by| (filter, by))) {
        for order in ["", "&sortOrder=descending"] {
            let filter = if filter.is_empty() { String::new() } else { format!("&filter={}", encoded(filter)) };
            let address = format!("?attributes=displayName{filter}{by}{order}");
            let expected = whole(face, &address).await;
            for count in [1, 2, 7] {
                let pages = walk(face, &address, count).await;
                assert_eq!(pages.concat(), expected, "{address} by {count}");
                assert_eq!(pages.len(), expected.len().div_ceil(count).max(1), "{address} by {count}");
            }
        }
    }
    assert_eq!(walk(face, "/", ALL).await, [whole(face, "").await]);
    assert_eq!(walk(face, "?attributes=id", 5).await.concat().len(), 13);
}

#[tokio::test]
async fn a_cursor_over_all_types_is_none_for_one_type() {
    let face = Face::sqlite().await;
    company(&face).await;
    let both = super::next(&super::page(&face, "?sortBy=displayName", 2, "").await).unwrap();
    let one = super::next(&super::page(&face, "/Users?sortBy=displayName", 2, "").await).unwrap();
    for (address, cursor) in [("/Users", &both), ("/Groups", &both), ("", &one), ("/Groups", &one)] {
        face.get(&format!("{address}?sortBy=displayName&cursor={cursor}")).await.fails(400, "invalidCursor");
    }
    super::page(&face, "?sortBy=displayName", 2, &both).await;
}
