//! Arbitrary filters, documents and patches. Documents and patches are drawn from few names and values, so that they
//! often meet.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use scim_protocol::filter::{Filter, Literal, Operator};
use scim_protocol::path::AttrPath;
use serde_json::{Map, Number, Value, json};

use crate::fixture::ENTERPRISE;

/// Any text a database can keep.
pub fn text() -> impl Strategy<Value = String> {
    any::<String>().prop_map(|text| text.replace('\0', ""))
}

pub fn attr_path() -> impl Strategy<Value = AttrPath> {
    let urn = option::of("urn:[a-z0-9]{1,8}(:[A-Za-z0-9._/+%-]{1,8}){1,3}");
    let name = "[$]?[A-Za-z][A-Za-z0-9_-]{0,8}";
    (urn, name, option::of(name))
        .prop_map(|(urn, name, sub)| AttrPath { urn, name, sub })
        .prop_filter("not is a keyword", |path| !path.to_string().eq_ignore_ascii_case("not"))
}

fn operator() -> impl Strategy<Value = Operator> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    select(vec![Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le])
}

/// Numbers `serde_json` reads back exactly; it may miss the last bit of others unless built with `float_roundtrip`.
fn number() -> impl Strategy<Value = Number> {
    let decimal = (-1_000_000_i32..1_000_000, 0_u8..6)
        .prop_map(|(digits, places)| Number::from_f64(f64::from(digits) / 10_f64.powi(places.into())).unwrap());
    prop_oneof![any::<i64>().prop_map(Number::from), any::<u64>().prop_map(Number::from), decimal]
}

pub fn literal() -> impl Strategy<Value = Literal> {
    prop_oneof![
        4 => text().prop_map(Literal::Text),
        2 => number().prop_map(Literal::Number),
        1 => any::<bool>().prop_map(Literal::Bool),
        1 => Just(Literal::Null),
    ]
}

pub fn filter() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![
        3 => (attr_path(), operator(), literal())
            .prop_map(|(path, operator, value)| Filter::Compare { path, operator, value }),
        1 => attr_path().prop_map(Filter::Present),
    ];
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(Filter::And),
            vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.clone().prop_map(|inner| Filter::Not(Box::new(inner))),
            (attr_path(), inner).prop_map(|(path, filter)| Filter::Element { path, filter: Box::new(filter) }),
        ]
    })
}

/// Any JSON, its member names often those of SCIM.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_name().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((any_name(), inner), 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    let known = [
        "schemas",
        "Operations",
        "op",
        "path",
        "value",
        "add",
        "replace",
        "remove",
        "userName",
        "name",
        "name.givenName",
        "emails",
        "emails[type eq \"work\"].value",
        "type",
        "primary",
        "manager",
        "active",
        "True",
        "members",
        "$ref",
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:api:messages:2.0:PatchOp",
    ];
    prop_oneof![9 => select(known.to_vec()).prop_map(str::to_owned), 1 => text()]
}

fn word() -> impl Strategy<Value = Value> {
    select(vec!["a", "b", "A", "", "é"]).prop_map(Value::from)
}

/// An object with some of the named members.
fn object(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let each: Vec<_> = members
        .into_iter()
        .map(|(name, value)| option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value))))
        .collect();
    each.prop_map(|members| Value::Object(members.into_iter().flatten().collect())).boxed()
}

fn element() -> BoxedStrategy<Value> {
    object(vec![
        ("type", select(vec!["work", "home", "Work"]).prop_map(Value::from).boxed()),
        ("value", word().boxed()),
        ("display", word().boxed()),
        ("primary", prop_oneof![4 => Just(json!(false)), 1 => Just(json!(true))].boxed()),
    ])
}

fn address() -> BoxedStrategy<Value> {
    object(vec![
        ("type", select(vec!["work", "home"]).prop_map(Value::from).boxed()),
        ("locality", word().boxed()),
        ("primary", prop_oneof![4 => Just(json!(false)), 1 => Just(json!(true))].boxed()),
    ])
}

fn emails() -> BoxedStrategy<Value> {
    vec(element(), 0..5).prop_map(Value::from).boxed()
}

fn addresses() -> BoxedStrategy<Value> {
    vec(address(), 0..4).prop_map(Value::from).boxed()
}

fn name() -> BoxedStrategy<Value> {
    object(vec![("givenName", word().boxed()), ("familyName", word().boxed())])
}

fn extension() -> BoxedStrategy<Value> {
    object(vec![
        ("department", word().boxed()),
        ("manager", object(vec![("value", word().boxed()), ("displayName", word().boxed())])),
    ])
}

/// Attributes of a user, without `schemas`; now and then with more than one primary value.
pub fn user() -> BoxedStrategy<Value> {
    let rest = object(vec![
        ("title", word().boxed()),
        ("name", name()),
        ("emails", emails()),
        ("addresses", addresses()),
        (ENTERPRISE, extension()),
    ]);
    (select(vec!["ada", "eda"]), rest)
        .prop_map(|(user_name, mut rest)| {
            rest["userName"] = json!(user_name);
            rest
        })
        .boxed()
}

/// Paths with values that mostly fit them.
fn target() -> BoxedStrategy<(String, Value)> {
    let at = |paths: &[&'static str], value: BoxedStrategy<Value>| {
        let null_at_times = prop_oneof![5 => value, 1 => Just(Value::Null)];
        (select(paths.to_vec()).prop_map(str::to_owned), null_at_times).boxed()
    };
    prop_oneof![
        at(
            &["title", "userName", "name.givenName", "manager.value", "emails.display", "emails.value", "emails.type"],
            word().boxed()
        ),
        at(&["name"], name()),
        at(&["emails"], emails()),
        at(&["addresses"], addresses()),
        at(&[ENTERPRISE], extension()),
        at(&FILTERED, element()),
        filtered_sub(),
        at(&["addresses[type eq \"work\"]", "addresses[locality eq \"a\" and type eq \"home\"]"], address()),
    ]
    .boxed()
}

const FILTERED: [&str; 9] = [
    "emails[type eq \"work\"]",
    "emails[type eq \"home\" and value eq \"a\"]",
    "emails[type eq null]",
    "emails[value pr]",
    "emails[not (type eq \"work\")]",
    "emails[primary eq true]",
    "emails[primary eq true or type eq \"home\"]",
    "emails[display co \"a\"]",
    "emails[type eq \"work\" and type eq \"home\"]",
];

fn filtered_sub() -> BoxedStrategy<(String, Value)> {
    let sub = prop_oneof![
        (select(vec!["value", "type", "display"]), word()),
        (Just("primary"), any::<bool>().prop_map(Value::from)),
    ];
    (select(FILTERED.to_vec()), sub).prop_map(|(path, (sub, value))| (format!("{path}.{sub}"), value)).boxed()
}

/// One operation of a PATCH for a user.
pub fn operation(kinds: &[&'static str]) -> BoxedStrategy<Value> {
    let kind = select(kinds.to_vec());
    let with_path = (kind.clone(), target()).prop_map(|(op, (path, value))| match op {
        "remove" => json!({"op": op, "path": path}),
        _ => json!({"op": op, "path": path, "value": value}),
    });
    if kinds == ["remove"] {
        return with_path.boxed();
    }
    let without = (kind.prop_filter("remove needs a path", |kind| *kind != "remove"), user())
        .prop_map(|(op, value)| json!({"op": op, "value": value}));
    prop_oneof![5 => with_path, 1 => without].boxed()
}
