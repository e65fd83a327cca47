//! Objects that Kubernetes does not know by itself, held against schemas of our own. `.ci/helm` does so too, with real Helm's.

use std::collections::BTreeSet;

use chart::{files, repository};
use serde_json::json;

use crate::support::{hook, name, profiles};

#[test]
fn custom_objects_are_as_their_operators_take_them() {
    let mut seen = BTreeSet::new();
    for path in files::below(&repository().join("crates/chart/tests/custom")).unwrap() {
        let schema = files::read_json(&path).unwrap();
        let (group, kind) = (&schema["properties"]["apiVersion"]["const"], &schema["properties"]["kind"]["const"]);
        let validator = jsonschema::validator_for(&schema).unwrap();
        for profile in profiles() {
            for object in
                profile.objects().iter().filter(|object| object["apiVersion"] == *group && object["kind"] == *kind)
            {
                let wrong: Vec<_> =
                    validator.iter_errors(object).map(|error| format!("{}: {error}", error.instance_path())).collect();
                assert!(wrong.is_empty(), "{} of {}: {wrong:?}", name(object), profile.name);
                let mut broken = object.clone();
                broken["spec"]["misspelt"] = json!(1);
                assert!(!validator.is_valid(&broken), "{} takes anything", path.display());
                seen.insert(kind.as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(
        seen.iter().map(String::as_str).collect::<Vec<_>>(),
        ["ExternalSecret", "HTTPRoute", "PrometheusRule", "ServiceMonitor"]
    );
    for profile in profiles() {
        for object in profile.objects().iter().filter(|object| object["kind"] == "Pod") {
            assert_eq!(hook(object), Some("test"));
        }
    }
}
