//! Documents as people read them: one line a value.

use serde_json::{Map, Value};

/// One value of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// Such as `title`, `name.familyName`, `emails` or `urn:…:User:department`.
    pub path: String,
    /// What kind of value it is among several: the element's `type`, such as `work`.
    pub kind: Option<String>,
    /// A text, number or flag.
    pub value: Value,
}

/// One value as it was and as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    pub path: String,
    pub kind: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The values of a document, in its order. What an element says of itself beside its values – `$ref`, a mark that is not
/// set – is left out.
pub fn details(document: &Map<String, Value>) -> Vec<Detail> {
    let mut details = Vec::new();
    for (name, value) in document {
        match value {
            // An extension: the URN's attributes are attributes of the resource.
            Value::Object(parts) if name.contains(':') => {
                for (part, value) in parts {
                    collect(&format!("{name}:{part}"), None, value, &mut details);
                }
            }
            value => collect(name, None, value, &mut details),
        }
    }
    details
}

/// The values that differ: those of the first document in its order, then those that only the second has.
pub fn differences(before: &Map<String, Value>, after: &Map<String, Value>) -> Vec<Difference> {
    let (before, mut after) = (details(before), details(after));
    let mut differences = Vec::new();
    for Detail { path, kind, value } in before {
        let same_place = |detail: &Detail| detail.path == path && detail.kind == kind;
        // Of several values at one place those that are alike belong together, so that only what came and went is told.
        let equal = after.iter().position(|detail| same_place(detail) && detail.value == value);
        match equal {
            Some(index) => drop(after.remove(index)),
            None => differences.push(Difference { path, kind, before: Some(value), after: None }),
        }
    }
    for Detail { path, kind, value } in after {
        let gone = |it: &&mut Difference| it.path == path && it.kind == kind && it.after.is_none();
        match differences.iter_mut().find(gone) {
            Some(difference) => difference.after = Some(value),
            None => differences.push(Difference { path, kind, before: None, after: Some(value) }),
        }
    }
    differences
}

fn collect(path: &str, kind: Option<&str>, value: &Value, details: &mut Vec<Detail>) {
    match value {
        Value::Null => {}
        Value::Object(parts) => {
            for (name, part) in parts.iter().filter(|(name, _)| *name != "$ref") {
                collect(&format!("{path}.{name}"), kind, part, details);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect_element(path, element, details)),
        value => {
            details.push(Detail { path: path.to_owned(), kind: kind.map(ToOwned::to_owned), value: value.clone() });
        }
    }
}

fn collect_element(path: &str, element: &Value, details: &mut Vec<Detail>) {
    let Value::Object(parts) = element else { return collect(path, None, element, details) };
    let kind = parts.get("type").and_then(Value::as_str);
    for (name, part) in parts {
        match (name.as_str(), part) {
            ("type" | "$ref", _) | ("primary", Value::Bool(false)) => {}
            ("value", part) => collect(path, kind, part, details),
            (name, part) => collect(&format!("{path}.{name}"), kind, part, details),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    fn lines(document: Value) -> Vec<String> {
        let line = |detail: Detail| {
            let kind = detail.kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
            format!("{}{kind} = {}", detail.path, detail.value)
        };
        details(&map(document)).into_iter().map(line).collect()
    }

    #[test]
    fn each_value_is_a_line() {
        let document = json!({
            "userName": "ada", "active": true, "title": null,
            "name": {"givenName": "Ada"},
            "emails": [{"type": "work", "value": "a@x", "primary": true}, {"value": "b@x", "primary": false}],
            "urn:a:2.0:User": {"department": "R&D", "manager": {"value": "7", "$ref": "https://x"}},
            "schemas": ["one", "two"],
        });
        let expected = [
            "userName = \"ada\"",
            "active = true",
            "name.givenName = \"Ada\"",
            "emails (work) = \"a@x\"",
            "emails.primary (work) = true",
            "emails = \"b@x\"",
            "urn:a:2.0:User:department = \"R&D\"",
            "urn:a:2.0:User:manager.value = \"7\"",
            "schemas = \"one\"",
            "schemas = \"two\"",
        ];
        assert_eq!(lines(document), expected);
    }

    #[test]
    fn only_what_came_and_went_differs() {
        let before = map(json!({"title": "x", "phones": ["1", "2"], "emails": [{"type": "work", "value": "a@x"}]}));
        let after = map(json!({"phones": ["2", "3"], "emails": [{"type": "work", "value": "b@x"}], "active": false}));
        let told: Vec<_> = differences(&before, &after)
            .into_iter()
            .map(|it| (it.path, it.kind, it.before.unwrap_or_default(), it.after.unwrap_or_default()))
            .collect();
        let expected = [
            ("title".to_owned(), None, json!("x"), Value::Null),
            ("phones".to_owned(), None, json!("1"), json!("3")),
            ("emails".to_owned(), Some("work".to_owned()), json!("a@x"), json!("b@x")),
            ("active".to_owned(), None, Value::Null, json!(false)),
        ];
        assert_eq!(told, expected);
    }
}
