//! The schema takes what is right and refuses what is wrong, and refers to nothing outside of itself.

use chart::values::overlay;
use serde_json::{Value, json};

use crate::support::{chart, profiles, texts};

fn validator() -> jsonschema::Validator {
    jsonschema::validator_for(&chart().schema).unwrap()
}

#[test]
fn every_file_of_values_is_taken() {
    let validator = validator();
    for profile in profiles() {
        let values = profile.all_values();
        let wrong: Vec<_> =
            validator.iter_errors(&values).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", profile.name);
    }
}

#[test]
fn what_is_wrong_is_refused() {
    let wrong = [
        json!({"publicURL": "https://directory.example.com"}),
        json!({"publicUrl": "directory.example.com"}),
        json!({"publicUrl": "https://directory.example.com?x"}),
        json!({"baseDomain": "https://example.com"}),
        json!({"baseDomain": "localhost"}),
        json!({"settings": {"http": {"bodylimit": 1}}}),
        json!({"settings": {"http": {"workers": 0}}}),
        json!({"settings": {"http": {"workers": "4"}}}),
        // The chart sets these itself.
        json!({"settings": {"http": {"port": 9000}}}),
        json!({"settings": {"database": {"url": "postgres://db/x"}}}),
        json!({"settings": {"keys": {"ring": "k1=00"}}}),
        json!({"settings": {"limits": {"enabled": "no"}}}),
        json!({"settings": {"mail": {"starttls": "sometimes"}}}),
        json!({"image": {"digest": "0000"}}),
        json!({"image": {"pullPolicy": "Sometimes"}}),
        json!({"existingSecret": "Not A Name"}),
        json!({"database": {"urlKey": ""}}),
        json!({"database": {"url": "postgres://rollcall:secret@db/rollcall"}}),
        json!({"redis": {"enabled": "yes"}}),
        json!({"externalSecrets": {"data": {"databaseUrl": {"property": "url"}}}}),
        json!({"externalSecrets": {"data": {"password": {"key": "x"}}}}),
        json!({"developmentSecret": {"databaseUrl": "mysql://db/x"}}),
        json!({"migrations": {"mode": "initContainer"}}),
        json!({"workload": {"replicas": 0}}),
        json!({"workload": {"podDisruptionBudget": {"minAvailable": "half"}}}),
        json!({"workload": {"rollingUpdate": {"maxSurge": 0}}}),
        json!({"workload": {"rollingUpdate": {"maxUnavailable": 1}}}),
        json!({"workload": {"topologySpread": [{"topologyKey": "x", "maxSkew": 1, "whenUnsatisfiable": "Never"}]}}),
        json!({"split": {"scim": {"replica": 3}}}),
        json!({"split": {"api": {}}}),
        json!({"service": {"port": 70000}}),
        json!({"gateway": {"parentRefs": [{"namespace": "gateways"}]}}),
        json!({"networkPolicy": {"egress": {"database": {"to": [], "ports": []}}}}),
        json!({"networkPolicy": {"ingressFrom": ["10.0.0.0/8"]}}),
        json!({"metrics": {"serviceMonitor": {"interval": "often"}}}),
        json!({"test": {"image": "busybox:latest"}}),
        json!({"extraManifests": [{"data": {}}]}),
    ];
    let validator = validator();
    let good = json!({"publicUrl": "https://directory.example.com", "existingSecret": "rollcall"});
    let with = |values: &Value| overlay(&chart().values, &overlay(&good, values));
    assert!(validator.is_valid(&with(&json!({}))));
    for values in wrong {
        assert!(!validator.is_valid(&with(&values)), "{values} was taken");
    }
}

#[test]
fn nothing_is_fetched_and_go_can_read_every_pattern() {
    fn walk(schema: &Value) {
        match schema {
            Value::Object(map) => {
                for (key, value) in map {
                    let text = value.as_str().unwrap_or_default();
                    assert!(key != "$ref" || text.starts_with("#/$defs/"), "{text}");
                    // Go has no look-around and no back references.
                    assert!(key != "pattern" || !(text.contains("(?") || text.contains("\\1")), "{text}");
                    walk(value);
                }
            }
            Value::Array(items) => items.iter().for_each(walk),
            _ => {}
        }
    }
    walk(&chart().schema);
    assert!(texts(&chart().schema).contains(&"$defs"));
}
