//! The functions of Helm's templates that the chart may use. One that is not here makes a template unreadable, which keeps the
//! chart within what [`crate::render`] is known to do as Helm does.

use std::collections::BTreeMap;
use std::sync::Arc;

use gotmpl::{FuncMap, TemplateError, Value, is_true};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};

use crate::values::{from_json, text, to_json};
use crate::yaml;

type Outcome = Result<Value, TemplateError>;
type Named = (&'static str, fn(&[Value]) -> Outcome);

const ALL: [Named; 31] = [
    ("add", |given| Ok(Value::Int(given.iter().map(whole).sum()))),
    ("append", append),
    ("contains", |given| Ok(Value::Bool(word(given, 1)?.contains(&*word(given, 0)?)))),
    ("default", |given| Ok(if is_true(last(given)?) { last(given)?.clone() } else { at(given, 0)?.clone() })),
    ("dict", dict),
    ("fail", |given| Err(TemplateError::Exec(word(given, 0)?.to_string()))),
    ("first", |given| Ok(items(given, 0)?.first().cloned().unwrap_or(Value::Nil))),
    ("fromYaml", from_yaml),
    ("hasKey", |given| Ok(Value::Bool(entries(given, 0)?.contains_key(&*word(given, 1)?)))),
    ("hasPrefix", |given| Ok(Value::Bool(word(given, 1)?.starts_with(&*word(given, 0)?)))),
    ("hasSuffix", |given| Ok(Value::Bool(word(given, 1)?.ends_with(&*word(given, 0)?)))),
    ("indent", |given| Ok(text(&indented(given)?))),
    ("int", |given| Ok(Value::Int(whole(at(given, 0)?)))),
    ("join", join),
    ("kindIs", |given| Ok(Value::Bool(*word(given, 0)? == *kind(at(given, 1)?)))),
    ("list", |given| Ok(Value::List(given.into()))),
    ("max", |given| Ok(Value::Int(given.iter().map(whole).max().unwrap_or_default()))),
    ("nindent", |given| Ok(text(&format!("\n{}", indented(given)?)))),
    ("quote", |given| Ok(text(&given.iter().map(quoted).collect::<Vec<_>>().join(" ")))),
    ("replace", |given| Ok(text(&word(given, 2)?.replace(&*word(given, 0)?, &word(given, 1)?)))),
    ("sha256sum", |given| Ok(text(&hex::encode(Sha256::digest(word(given, 0)?.as_bytes()))))),
    ("splitList", |given| Ok(Value::List(word(given, 1)?.split(&*word(given, 0)?).map(text).collect()))),
    ("ternary", |given| Ok(if is_true(at(given, 2)?) { at(given, 0)?.clone() } else { at(given, 1)?.clone() })),
    ("toJson", |given| Ok(text(&json_text(&to_json(at(given, 0)?))))),
    ("toString", |given| Ok(text(&shown(at(given, 0)?)))),
    ("toYaml", |given| Ok(text(&yaml::text(&to_json(at(given, 0)?))))),
    ("trimPrefix", |given| Ok(text(trimmed(given, |all, part| all.strip_prefix(part))?.as_str()))),
    ("trimSuffix", |given| Ok(text(trimmed(given, |all, part| all.strip_suffix(part))?.as_str()))),
    ("trunc", |given| Ok(text(&word(given, 1)?.chars().take(length(at(given, 0)?)?).collect::<String>()))),
    ("uniq", uniq),
    ("upper", |given| Ok(text(&word(given, 0)?.to_uppercase()))),
];

/// All functions but `include`, which needs the templates.
pub fn all() -> FuncMap {
    ALL.into_iter().map(|(name, does)| (name.to_owned(), Arc::new(does) as gotmpl::ValueFunc)).collect()
}

fn at(given: &[Value], place: usize) -> Result<&Value, TemplateError> {
    given.get(place).ok_or_else(|| TemplateError::Exec(format!("argument {} is missing", place + 1)))
}

fn last(given: &[Value]) -> Result<&Value, TemplateError> {
    given.last().ok_or_else(|| TemplateError::Exec("an argument is missing".to_owned()))
}

/// An argument that has to be text.
fn word(given: &[Value], place: usize) -> Result<Arc<str>, TemplateError> {
    match at(given, place)? {
        Value::String(it) => Ok(it.clone()),
        other => Err(TemplateError::TypeMismatch { expected: "string", got: other.type_name() }),
    }
}

fn items(given: &[Value], place: usize) -> Result<&[Value], TemplateError> {
    match at(given, place)? {
        Value::List(it) => Ok(it),
        other => Err(TemplateError::TypeMismatch { expected: "list", got: other.type_name() }),
    }
}

fn entries(given: &[Value], place: usize) -> Result<&BTreeMap<Arc<str>, Value>, TemplateError> {
    match at(given, place)? {
        Value::Map(it) => Ok(it),
        other => Err(TemplateError::TypeMismatch { expected: "map", got: other.type_name() }),
    }
}

/// A number without what stands behind its point; 0 for what is none, as Helm has it.
fn whole(value: &Value) -> i64 {
    match value {
        Value::Int(it) => *it,
        Value::Uint(it) => i64::try_from(*it).unwrap_or_default(),
        Value::Float(it) => format!("{:.0}", it.trunc()).parse().unwrap_or_default(),
        Value::Bool(it) => i64::from(*it),
        Value::String(it) => it.parse().unwrap_or_default(),
        _ => 0,
    }
}

fn length(value: &Value) -> Result<usize, TemplateError> {
    usize::try_from(whole(value)).map_err(|_| TemplateError::Exec("trunc counts from the start only".to_owned()))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(_) => "uint",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Function(_) => "func",
    }
}

fn shown(value: &Value) -> String {
    value.to_string()
}

/// JSON as Go writes it, with the letters escaped that mean something in HTML.
fn json_text(json: &Json) -> String {
    json.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn quoted(value: &Value) -> String {
    Json::from(shown(value)).to_string()
}

fn indented(given: &[Value]) -> Result<String, TemplateError> {
    let indent = " ".repeat(length(at(given, 0)?)?);
    Ok(word(given, 1)?.split('\n').map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join("\n"))
}

fn trimmed(given: &[Value], strip: for<'a> fn(&'a str, &str) -> Option<&'a str>) -> Result<String, TemplateError> {
    let (part, all) = (word(given, 0)?, word(given, 1)?);
    Ok(strip(&all, &part).unwrap_or(&all).to_owned())
}

fn append(given: &[Value]) -> Outcome {
    let mut all = items(given, 0)?.to_vec();
    all.push(at(given, 1)?.clone());
    Ok(Value::List(all.into()))
}

fn uniq(given: &[Value]) -> Outcome {
    let mut once: Vec<Value> = Vec::new();
    for item in items(given, 0)? {
        if !once.contains(item) {
            once.push(item.clone());
        }
    }
    Ok(Value::List(once.into()))
}

fn join(given: &[Value]) -> Outcome {
    let parts: Vec<_> = items(given, 1)?.iter().map(shown).collect();
    Ok(text(&parts.join(&word(given, 0)?)))
}

fn dict(given: &[Value]) -> Outcome {
    let pairs = given.chunks(2).map(|pair| Ok((word(pair, 0)?, at(pair, 1)?.clone())));
    Ok(Value::Map(Arc::new(pairs.collect::<Result<_, TemplateError>>()?)))
}

/// A map; Helm gives an empty one for an empty text.
fn from_yaml(given: &[Value]) -> Outcome {
    let read = yaml::read("fromYaml", &word(given, 0)?).map_err(|error| TemplateError::Exec(error.to_string()))?;
    match read {
        Json::Null => Ok(Value::Map(Arc::default())),
        Json::Object(_) => Ok(from_json(&read)),
        _ => Err(TemplateError::Exec("fromYaml takes a map".to_owned())),
    }
}
