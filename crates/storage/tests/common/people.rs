//! Users at random, with texts that databases like to get wrong.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Texts that are equal, begin alike or sort next to each other under some ideas of text and not under others.
fn texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        "a",
        "A",
        "ab",
        "aB c",
        "b",
        "Straße",
        "STRASSE",
        "stras",
        "ß",
        "ss",
        "İ",
        "i\u{307}",
        "é",
        "E\u{301}",
        "ﬃ",
        "FFI",
        "z\u{10FFFF}",
        "z\u{10FFFF}\u{10FFFF}y",
        "\u{FFFD}",
        "\u{1F680}",
        "100%",
        "a_b",
        "\\",
        "\"",
    ]
    .map(str::to_owned)
    .into();
    for length in [195, 196, 199, 200, 201, 250] {
        texts.push("x".repeat(length));
        texts.push("X".repeat(length) + "1");
        texts.push("é".repeat(length / 2) + "2");
    }
    // Keys of long values are cut between characters, where short values may go on.
    texts.push("y".repeat(199) + "ééé");
    texts.push("y".repeat(199) + "é");
    texts.push("y".repeat(199) + "z");
    texts.push("y".repeat(199));
    texts
}

pub fn text() -> impl Strategy<Value = String> {
    // Few texts often, so that they meet, and all of them sometimes.
    prop_oneof![3 => select(vec!["a", "A", "ab", "b", ""]).prop_map(str::to_owned), 2 => select(texts())]
}

/// What a client sends for a user, without `schemas`.
pub fn attributes() -> impl Strategy<Value = Value> {
    let plural = || (text(), option::of(select(vec!["work", "Home"])), option::of(any::<bool>()));
    let texts = vec(option::of(text()), 6);
    (text(), texts, option::of(any::<bool>()), vec(plural(), 0..3), vec(plural(), 0..3)).prop_map(
        |(user_name, texts, active, emails, phones)| {
            json!({
                "userName": user_name, "externalId": texts[0], "displayName": texts[1], "title": texts[2],
                "name": {"familyName": texts[3]}, "active": active, "emails": elements(emails),
                "phoneNumbers": elements(phones), ENTERPRISE: {"department": texts[4], "employeeNumber": texts[5]},
            })
        },
    )
}

/// At most one may be primary.
fn elements(elements: Vec<(String, Option<&'static str>, Option<bool>)>) -> Value {
    let element = |(index, (value, kind, primary)): (usize, (String, Option<&'static str>, Option<bool>))| json!({"value": value, "type": kind, "primary": primary.filter(|_| index == 0)});
    elements.into_iter().enumerate().map(element).collect()
}
