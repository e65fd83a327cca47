//! What of a request and its answer may be kept: nothing that opens anything, and not more than a person reads.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use moka::sync::Cache;
use percent_encoding::percent_decode_str;
use scim_protocol::attribute::{Attribute, Mutability, Returned};
use serde_json::{Map, Value};

use crate::directory::ResourceTypes;

/// What stands in the place of what is left out.
pub const WITHHELD: &str = "(withheld)";

/// Parts of names under which nobody should find a value, whatever a schema says.
const WORDS: [&str; 6] = ["password", "passwd", "secret", "token", "authorization", "assertion"];

/// What our own tokens and secrets begin with.
const OURS: [&str; 2] = ["scim_", "client_"];

/// What access tokens begin with.
const ACCESS_TOKEN: &str = "eyJ";

/// What values of an Authorization header begin with.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// What an escaped letter begins with in JSON; it could hide any of these.
const ESCAPE: &str = "\\u";

/// The one letter beyond ASCII whose small form is in any of these.
const KELVIN: &str = "\u{212A}";

/// Shorter values stand in texts by chance.
const TELLING: usize = 4;

/// Names of attributes whose values are never kept.
pub struct SensitiveNames {
    names: BTreeSet<String>,
    /// Finds whatever calls for a closer look, in one go.
    suspicious: Option<AhoCorasick>,
}

impl SensitiveNames {
    /// Those that a tenant's schemas never give back, beside those that are so by their words.
    pub fn of(types: &ResourceTypes) -> Self {
        let mut names = BTreeSet::new();
        for resource_type in types.all() {
            for schema in resource_type.schemas() {
                collect(&schema.attributes, &mut names);
            }
        }
        let suspicious = FINDERS.get_with_by_ref(&names, || finder(&names));
        Self { names, suspicious }
    }

    /// Whether no secret can be in a text, whatever it is. Most texts are such, and need not be taken apart.
    fn are_absent_from(&self, text: &str) -> bool {
        self.suspicious.as_ref().is_some_and(|parts| !parts.is_match(text))
    }

    /// Whether a name, or a path or filter with a name in it, is about such an attribute.
    fn stand_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        WORDS.iter().any(|word| text.contains(word))
            || text
                .split(|each: char| !each.is_alphanumeric() && each != '_' && each != '-')
                .any(|name| self.names.contains(name))
    }
}

/// Those of the sets of names there are, which most tenants share. One takes longer to make than a request takes to answer.
static FINDERS: LazyLock<Cache<BTreeSet<String>, Option<AhoCorasick>>> = LazyLock::new(|| Cache::new(100));

fn finder(names: &BTreeSet<String>) -> Option<AhoCorasick> {
    let marks = OURS.into_iter().chain(SCHEMES).chain([ACCESS_TOKEN, ESCAPE, KELVIN]);
    let parts = names.iter().map(String::as_str).chain(WORDS).chain(marks);
    AhoCorasick::builder().ascii_case_insensitive(true).build(parts).ok()
}

fn collect(attributes: &[Attribute], names: &mut BTreeSet<String>) {
    for attribute in attributes {
        if attribute.returned == Returned::Never || attribute.mutability == Mutability::WriteOnly {
            names.insert(attribute.name.to_lowercase());
        }
        collect(&attribute.sub_attributes, names);
    }
}

/// The body of a request and, where there is one, of its answer, without secrets and cut to so many characters each. What is
/// not JSON is kept only when nothing in it looks like a secret.
pub fn body(
    names: &SensitiveNames,
    request: Option<&[u8]>,
    response: Option<&[u8]>,
    most: usize,
) -> (Option<String>, Option<String>) {
    let mut left_out = Vec::new();
    let request = request.filter(|bytes| !bytes.is_empty()).map(|bytes| clean(names, bytes, &mut left_out));
    let mut ours = Vec::new();
    let response = response.filter(|bytes| !bytes.is_empty()).map(|bytes| clean(names, bytes, &mut ours));
    // An error quotes what was sent.
    let response = response.map(|text| without(text, &left_out));
    (request.map(|text| cut(text, most)), response.map(|text| cut(text, most)))
}

/// An address with its query, without secrets: a filter may ask for one, and is refused for it.
pub fn path(names: &SensitiveNames, path: &str, query: &str) -> String {
    const MOST: usize = 2_000;
    if query.is_empty() {
        return cut(path.to_owned(), MOST);
    }
    let plain = percent_decode_str(query).decode_utf8_lossy();
    let query = if names.stand_in(&unquoted(&plain)) || looks_secret(&plain) { WITHHELD } else { query };
    cut(format!("{path}?{query}"), MOST)
}

fn clean(names: &SensitiveNames, bytes: &[u8], left_out: &mut Vec<String>) -> String {
    let text = String::from_utf8_lossy(bytes);
    if names.are_absent_from(&text) {
        return printable(text);
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(bytes) {
        walk(names, &mut value, left_out);
        return value.to_string();
    }
    // Escaped letters could hide a name.
    match names.stand_in(&text) || looks_secret(&text) || text.contains(ESCAPE) {
        true => "(withheld, since it is no JSON and may hold a secret)".to_owned(),
        false => printable(text),
    }
}

fn printable(text: Cow<'_, str>) -> String {
    let is_odd = |each: char| each.is_control() && !each.is_whitespace();
    match text.contains(is_odd) {
        true => text.chars().filter(|each| !is_odd(*each)).collect(),
        false => text.into_owned(),
    }
}

fn walk(names: &SensitiveNames, value: &mut Value, left_out: &mut Vec<String>) {
    match value {
        Value::Object(members) => walk_members(names, members, left_out),
        Value::Array(elements) => elements.iter_mut().for_each(|element| walk(names, element, left_out)),
        Value::String(text) if looks_secret(text) => withhold(value, left_out),
        _ => {}
    }
}

fn walk_members(names: &SensitiveNames, members: &mut Map<String, Value>, left_out: &mut Vec<String>) {
    let is_named = |member: &str, members: &Map<String, Value>| {
        let found = members.iter().find(|(name, _)| name.eq_ignore_ascii_case(member));
        found.and_then(|(_, value)| value.as_str()).is_some_and(|text| names.stand_in(text))
    };
    // An operation names the attribute in its path, and the value stands beside it.
    let is_operation_on_secret = is_named("path", members);
    for (name, value) in members.iter_mut() {
        let is_filter =
            name.eq_ignore_ascii_case("filter") && value.as_str().is_some_and(|text| names.stand_in(&unquoted(text)));
        let is_value = is_operation_on_secret && name.eq_ignore_ascii_case("value");
        match is_filter || is_value || names.stand_in(name) {
            true if !value.is_null() && !value.is_boolean() => withhold(value, left_out),
            true => {}
            false => walk(names, value, left_out),
        }
    }
}

fn withhold(value: &mut Value, left_out: &mut Vec<String>) {
    texts(value, left_out);
    *value = Value::from(WITHHELD);
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.chars().count() >= TELLING => {
            found.push(text.clone());
            // As it stands in another JSON text.
            let escaped = Value::from(text.as_str()).to_string();
            found.push(escaped.trim_matches('"').to_owned());
        }
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Number(number) if number.to_string().len() >= TELLING => found.push(number.to_string()),
        _ => {}
    }
}

fn without(text: String, left_out: &[String]) -> String {
    left_out.iter().fold(text, |text, secret| match text.contains(secret.as_str()) {
        true => text.replace(secret.as_str(), WITHHELD),
        false => text,
    })
}

/// Whether a text has something in it that opens something: a token or secret of ours, an access token, or the value of an
/// Authorization header.
pub fn looks_secret(text: &str) -> bool {
    const DIGITS: usize = 32;
    let ours = OURS.iter().any(|prefix| {
        text.match_indices(prefix).any(|(at, _)| {
            let digits = text.get(at + prefix.len()..).unwrap_or_default().chars().take_while(char::is_ascii_hexdigit);
            digits.count() >= DIGITS
        })
    });
    let names_a_scheme = || {
        let lower = text.to_ascii_lowercase();
        SCHEMES.iter().any(|scheme| lower.contains(scheme))
    };
    ours || text.contains(ACCESS_TOKEN) || names_a_scheme()
}

/// A filter without the values in it: somebody may be called "Secretary".
fn unquoted(filter: &str) -> String {
    let mut is_value = false;
    let mut before = ' ';
    let mut is_name = |each: &char| {
        let is_quote = *each == '"' && before != '\\';
        before = *each;
        is_value ^= is_quote;
        !is_value
    };
    filter.chars().filter(|each| is_name(each)).collect()
}

fn cut(mut text: String, most: usize) -> String {
    let whole = text.len();
    if whole <= most {
        return text;
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text.truncate(end);
    format!("{text}… ({whole} bytes in all)")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "correct horse \"battery\" é";

    fn names() -> SensitiveNames {
        SensitiveNames::of(&ResourceTypes::default())
    }

    fn kept(request: &Value) -> String {
        body(&names(), Some(request.to_string().as_bytes()), None, 8_192).0.unwrap()
    }

    #[test]
    fn a_password_is_kept_in_no_spelling_of_a_request() {
        let token = format!("scim_{}_{}", "a5".repeat(16), "b6".repeat(36));
        let requests = [
            json!({"userName": "ana", "password": SECRET}),
            json!({"userName": "ana", "PassWord": SECRET}),
            json!({"Operations": [{"op": "replace", "value": SECRET, "path": "password"}]}),
            json!({"Operations": [{"op": "Add", "Path": "urn:ietf:params:scim:schemas:core:2.0:User:password", "Value": SECRET}]}),
            json!({"Operations": [{"op": "replace", "value": {"password": {"deep": [SECRET]}}}]}),
            json!({"Operations": [{"method": "POST", "path": "/Users", "data": {"password": SECRET}}]}),
            json!({"filter": format!("password eq {}", json!(SECRET))}),
            json!({"client_secret": SECRET, "note": format!("Bearer {SECRET}")}),
            json!({"note": format!("use {token}"), "clientSecret": SECRET}),
        ];
        for request in requests {
            let kept = kept(&request);
            assert!(!kept.contains("horse") && !kept.contains(&token), "{kept}");
            assert!(kept.contains("(withheld)"), "{kept}");
        }
    }

    #[test]
    fn whatever_else_was_sent_stays() {
        let request = json!({"userName": "ana", "name": {"givenName": "Ana"}, "active": true, "emails": [{"value": "a@b.example"}]});
        assert_eq!(kept(&request), request.to_string());
    }

    #[test]
    fn an_answer_that_quotes_a_secret_is_kept_without_it() {
        let request = json!({"password": SECRET}).to_string();
        let response = json!({"detail": format!("\"{SECRET}\" cannot be a password")}).to_string();
        let (_, response) = body(&names(), Some(request.as_bytes()), Some(response.as_bytes()), 8_192);
        assert!(!response.as_ref().unwrap().contains("horse"), "{response:?}");
    }

    #[test]
    fn what_is_no_json_is_kept_only_when_it_cannot_hold_a_secret() {
        let kept = |text: &str| body(&names(), Some(text.as_bytes()), None, 8_192).0.unwrap();
        for bad in ["{\"password\": \"horse", "{\"p\\u0061ssword\": \"horse", "client_secret=horse", "Bearer horse"] {
            assert!(!kept(bad).contains("horse"), "{bad}");
        }
        assert_eq!(kept("{\"userName\": \"ana"), "{\"userName\": \"ana");
    }

    #[test]
    fn long_bodies_are_cut_between_characters() {
        let text = json!({"a": "é".repeat(100)}).to_string();
        let (kept, _) = body(&names(), Some(text.as_bytes()), None, 20);
        let kept = kept.unwrap();
        assert!(kept.starts_with("{\"a\":\"é") && kept.ends_with("… (208 bytes in all)") && kept.len() < 60, "{kept}");
    }

    #[test]
    fn the_query_of_an_address_is_kept_unless_it_asks_for_a_secret() {
        let kept = |query: &str| path(&names(), "/Users", query);
        assert_eq!(kept("filter=userName+eq+%22ana%22"), "/Users?filter=userName+eq+%22ana%22");
        assert_eq!(kept("filter=userName+eq+%22secretary%22"), "/Users?filter=userName+eq+%22secretary%22");
        assert_eq!(kept(""), "/Users");
        for bad in ["filter=password%20eq%20%22horse%22", "filter=p%61ssword+eq+%22horse%22", "access_token=horse"] {
            assert_eq!(kept(bad), "/Users?(withheld)");
        }
    }
}
