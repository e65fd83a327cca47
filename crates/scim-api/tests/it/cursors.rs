//! Pages that begin at cursors (RFC 9865).

mod changes;
mod kinds;
mod refusals;
mod walks;

use serde_json::Value;

use crate::face::{Answer, Face};

/// More than anybody here has.
const ALL: usize = 1_000;

/// A page that begins at a cursor, which keeps the promises that every such page keeps.
async fn page(face: &Face, address: &str, count: usize, cursor: &str) -> Answer {
    let joint = if address.contains('?') { '&' } else { '?' };
    let answer = face.get(&format!("{address}{joint}count={count}&cursor={cursor}")).await.is(200);
    check(&answer.json(), count);
    answer
}

fn check(page: &Value, count: usize) {
    let resources = page["Resources"].as_array().unwrap();
    assert_eq!(page["itemsPerPage"], resources.len(), "{page}");
    assert!(resources.len() <= count, "{page}");
    // Numbers have no meaning here (RFC 9865 §2), and pages are read forwards only.
    assert_eq!((page.get("startIndex"), page.get("previousCursor")), (None, None), "{page}");
}

/// The cursor of the page after this one.
fn next(page: &Answer) -> Option<String> {
    let cursor = page.json().get("nextCursor")?.as_str().unwrap().to_owned();
    let is_safe = |each: char| each.is_ascii_alphanumeric() || "-._~".contains(each);
    assert!(!cursor.is_empty() && cursor.chars().all(is_safe), "{cursor}");
    Some(cursor)
}

/// The ids of all pages, one list a page.
async fn walk(face: &Face, address: &str, count: usize) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(face, address, count, &cursor).await;
        pages.push(ids(&page));
        assert!(pages.len() < ALL, "{address} never ends");
        match next(&page) {
            // RFC 9865 §2: every page but the last says where the next one begins.
            Some(next) => cursor = next,
            None => return pages,
        }
    }
}

fn ids(page: &Answer) -> Vec<String> {
    page.json()["Resources"].as_array().unwrap().iter().map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

/// The ids of everything in one page by number.
async fn whole(face: &Face, address: &str) -> Vec<String> {
    let joint = if address.contains('?') { '&' } else { '?' };
    let answer = face.get(&format!("{address}{joint}count={ALL}")).await.is(200);
    ids(&answer)
}
