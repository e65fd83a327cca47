//! The published schemas beside RFC 7643 §8.7.1.

use std::fmt::Write;

use scim_protocol::attribute::Attribute;
use scim_protocol::schema::Schema;
use scim_protocol::{discovery, schemas};
use serde_json::{Value, json};

/// Where we mean to differ: (schema, attribute, characteristic, what §8.7.1 has).
const DEVIATIONS: [(&str, &str, &str, &str); 10] = [
    // §4.2 says that it is required.
    ("Group", "displayName", "required", "false"),
    // §2.3.6, §2.3.7: binaries and references are case exact.
    ("User", "profileUrl", "caseExact", "false"),
    ("User", "photos.value", "caseExact", "false"),
    ("User", "x509Certificates.value", "caseExact", "false"),
    ("User", "groups.$ref", "caseExact", "false"),
    ("Group", "members.$ref", "caseExact", "false"),
    ("EnterpriseUser", "manager.$ref", "caseExact", "false"),
    // They hold an `id`, which §3.1 makes case exact.
    ("User", "groups.value", "caseExact", "false"),
    ("Group", "members.value", "caseExact", "false"),
    ("EnterpriseUser", "manager.value", "caseExact", "false"),
];

/// What §4.1.2 gives to addresses and §8.7.1 leaves out.
const ADDITION: &str = "addresses.primary";

/// §8.7.1 in short: name, type and what differs from the defaults of §2.2.
const USER: &str = "\
userName string required server
name complex
name.formatted string
name.familyName string
name.givenName string
name.middleName string
name.honorificPrefix string
name.honorificSuffix string
displayName string
nickName string
profileUrl reference(external)
title string
userType string
preferredLanguage string
locale string
timezone string
active boolean
password string writeOnly never
emails complex multi
emails.value string
emails.display string
emails.type string
emails.primary boolean
phoneNumbers complex multi
phoneNumbers.value string
phoneNumbers.display string
phoneNumbers.type string
phoneNumbers.primary boolean
ims complex multi
ims.value string
ims.display string
ims.type string
ims.primary boolean
photos complex multi
photos.value reference(external)
photos.display string
photos.type string
photos.primary boolean
addresses complex multi
addresses.formatted string
addresses.streetAddress string
addresses.locality string
addresses.region string
addresses.postalCode string
addresses.country string
addresses.type string
groups complex multi readOnly
groups.value string readOnly
groups.$ref reference(User,Group) readOnly
groups.display string readOnly
groups.type string readOnly
entitlements complex multi
entitlements.value string
entitlements.display string
entitlements.type string
entitlements.primary boolean
roles complex multi
roles.value string
roles.display string
roles.type string
roles.primary boolean
x509Certificates complex multi
x509Certificates.value binary
x509Certificates.display string
x509Certificates.type string
x509Certificates.primary boolean
";

const GROUP: &str = "\
displayName string
members complex multi
members.value string immutable
members.$ref reference(User,Group) immutable
members.type string immutable
";

const ENTERPRISE_USER: &str = "\
employeeNumber string
costCenter string
organization string
division string
department string
manager complex
manager.value string
manager.$ref reference(User)
manager.displayName string readOnly
";

/// An attribute and its sub-attributes by their paths, as `/Schemas` shows them.
fn published(schema: &Schema) -> Vec<(String, Value)> {
    let body = discovery::schema("https://acme.example/scim/v2", schema);
    let mut all = Vec::new();
    for attribute in body["attributes"].as_array().unwrap() {
        let name = attribute["name"].as_str().unwrap();
        all.push((name.to_owned(), attribute.clone()));
        for sub in attribute.get("subAttributes").and_then(Value::as_array).into_iter().flatten() {
            all.push((format!("{name}.{}", sub["name"].as_str().unwrap()), sub.clone()));
        }
    }
    all
}

/// A line of the tables above with the defaults of §2.2 filled in.
fn declared(line: &str) -> (String, Value) {
    let mut words = line.split(' ');
    let (name, kind) = (words.next().unwrap(), words.next().unwrap());
    let (kind, references) = kind.trim_end_matches(')').split_once('(').unwrap_or((kind, ""));
    let mut attribute = json!({
        "type": kind, "multiValued": false, "required": false, "caseExact": false, "mutability": "readWrite",
        "returned": "default", "uniqueness": "none",
    });
    if !references.is_empty() {
        attribute["referenceTypes"] = references.split(',').collect();
    }
    for word in words {
        match word {
            "multi" => attribute["multiValued"] = json!(true),
            "required" => attribute["required"] = json!(true),
            "server" => attribute["uniqueness"] = json!("server"),
            "never" => attribute["returned"] = json!("never"),
            mutability => attribute["mutability"] = json!(mutability),
        }
    }
    (name.to_owned(), attribute)
}

fn compare(schema: &Schema, expected: &str) -> Vec<(String, String, String)> {
    let published = published(schema);
    let expected: Vec<(String, Value)> = expected.lines().map(declared).collect();
    let names: Vec<&str> = published.iter().map(|(name, _)| name.as_str()).filter(|name| *name != ADDITION).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let mut different = Vec::new();
    for (name, wanted) in &expected {
        let (_, found) = published.iter().find(|(published, _)| published == name).unwrap();
        assert_eq!(found.get("referenceTypes"), wanted.get("referenceTypes"), "{name}");
        for (characteristic, wanted) in wanted.as_object().unwrap() {
            if found[characteristic] != *wanted {
                different.push((name.clone(), characteristic.clone(), wanted.to_string()));
            }
        }
    }
    different
}

#[test]
fn the_schemas_are_those_of_rfc_7643_but_for_what_was_decided() {
    let mut deviations = Vec::new();
    for (schema, expected) in
        [(schemas::user(), USER), (schemas::group(), GROUP), (schemas::enterprise_user(), ENTERPRISE_USER)]
    {
        for (name, characteristic, wanted) in compare(&schema, expected) {
            deviations.push((schema.name.clone(), name, characteristic, wanted));
        }
    }
    let owned = |it: (&str, &str, &str, &str)| (it.0.to_owned(), it.1.to_owned(), it.2.to_owned(), it.3.to_owned());
    let mut decided: Vec<_> = DEVIATIONS.into_iter().map(owned).collect();
    decided.sort();
    deviations.sort();
    assert_eq!(deviations, decided);
}

#[test]
fn clients_find_the_types_they_map_to() {
    let user = schemas::user();
    let values = |name: &str| user.attribute(name).unwrap().sub("type").unwrap().canonical_values.clone().unwrap();
    for name in ["emails", "phoneNumbers", "addresses"] {
        for label in ["work", "home", "other"] {
            assert!(values(name).iter().any(|value| value == label), "{name} {label}");
        }
    }
    for label in ["mobile", "fax"] {
        assert!(values("phoneNumbers").iter().any(|value| value == label), "{label}");
    }
}

#[test]
fn a_published_schema_reads_back_as_the_schema_it_shows() {
    for schema in [schemas::user(), schemas::group(), schemas::enterprise_user()] {
        let body = discovery::schema("", &schema);
        assert!(!body.to_string().contains("null"), "Entra accepts no nulls in schemas (client-behaviour.md §4 k)");
        assert_eq!(serde_json::from_value::<Schema>(body).unwrap(), schema);
    }
}

#[test]
fn characteristics_of_user() {
    let mut table = String::new();
    for attribute in &schemas::user().attributes {
        line(&mut table, "", attribute);
        for sub in &attribute.sub_attributes {
            line(&mut table, "  .", sub);
        }
    }
    insta::assert_snapshot!(table);
}

fn line(table: &mut String, indent: &str, attribute: &Attribute) {
    let shown = serde_json::to_value(attribute).unwrap();
    let text = |name: &str| shown[name].as_str().unwrap().to_owned();
    let mut words = vec![text("type"), text("mutability"), text("returned"), text("uniqueness")];
    for flag in ["multiValued", "required", "caseExact"] {
        if shown[flag] == json!(true) {
            words.push(flag.to_owned());
        }
    }
    words.extend(
        [Some(&attribute.reference_types), attribute.canonical_values.as_ref()]
            .into_iter()
            .flatten()
            .filter(|it| !it.is_empty())
            .map(|it| it.join("|")),
    );
    writeln!(table, "{indent}{} {}", attribute.name, words.join(" ")).unwrap();
}
