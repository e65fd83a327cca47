//! An upgrade from an earlier release of the chart: its values are still taken, and nothing changes that Kubernetes refuses to
//! change. Each release leaves its values and objects in `tests/releases` (`cargo run --package chart -- release`).

use std::path::{Path, PathBuf};

use chart::render::render;
use chart::{files, repository, yaml};
use serde_json::{Value, json};

use crate::support::{chart, hook, name};

/// What Kubernetes refuses to change, by kind.
const FIXED: [(&str, &str); 7] = [
    ("Deployment", "/spec/selector"),
    ("Service", "/spec/clusterIP"),
    ("Secret", "/type"),
    ("PersistentVolumeClaim", "/spec"),
    ("Job", "/spec/template"),
    ("Job", "/spec/selector"),
    ("Pod", "/spec"),
];

/// What an upgrade from one set of objects to another would end with.
fn refused(before: &[Value], after: &[Value]) -> Vec<String> {
    let mut refused = Vec::new();
    for old in before {
        let same = |new: &&Value| new["kind"] == old["kind"] && name(new) == name(old);
        let Some(new) = after.iter().find(same) else { continue };
        // A hook is made anew.
        let policy = |object: &Value| {
            object["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
                .as_str()
                .unwrap_or_default()
                .contains("before-hook-creation")
        };
        if hook(old).is_some() && hook(new).is_some() && policy(new) {
            continue;
        }
        if hook(old).is_some() != hook(new).is_some() {
            refused.push(format!("{} {} is a hook in one of them only", old["kind"], name(old)));
        }
        for (kind, place) in FIXED.iter().filter(|(kind, _)| old["kind"] == *kind) {
            if old.pointer(place) != new.pointer(place) {
                refused.push(format!("{kind} {}: {place}", name(old)));
            }
        }
    }
    refused
}

fn releases() -> Vec<PathBuf> {
    let all = files::below(&repository().join("crates/chart/tests/releases")).unwrap();
    all.into_iter().filter(|path| path.to_string_lossy().ends_with(".values.yaml")).collect()
}

#[test]
fn every_release_can_be_upgraded() {
    let releases = releases();
    assert!(releases.len() >= 3);
    for path in releases {
        let shown = path.display().to_string();
        let values = files::read_yaml(&path).unwrap();
        let objects = files::read(Path::new(&shown.replace(".values.yaml", ".objects.yaml"))).unwrap();
        let before = yaml::read_all(&shown, &objects).unwrap();
        let after = render(chart(), &values).unwrap_or_else(|error| panic!("{shown}: {error}")).objects;
        let validator = jsonschema::validator_for(&chart().schema).unwrap();
        assert!(validator.is_valid(&chart::values::overlay(&chart().values, &values)), "{shown}");
        let refused = refused(&before, &after);
        assert!(refused.is_empty(), "{shown}: {refused:?}");
        assert!(before.iter().any(|object| object["kind"] == "Deployment"), "{shown}");
    }
}

#[test]
fn a_change_that_kubernetes_refuses_is_seen() {
    let deployment =
        |label: &str| json!({"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"selector": label}});
    assert_eq!(refused(&[deployment("a")], &[deployment("a")]), [""; 0]);
    assert_eq!(refused(&[deployment("a")], &[deployment("b")]), ["Deployment a: /spec/selector"]);
    let job = |image: &str, annotations: Value| json!({"kind": "Job", "metadata": {"name": "m", "annotations": annotations}, "spec": {"template": image}});
    let hook = json!({"helm.sh/hook": "pre-upgrade", "helm.sh/hook-delete-policy": "before-hook-creation"});
    assert_eq!(refused(&[job("a", hook.clone())], &[job("b", hook.clone())]), [""; 0]);
    assert_eq!(refused(&[job("a", json!({}))], &[job("b", json!({}))]), ["Job m: /spec/template"]);
    assert_eq!(refused(&[job("a", hook)], &[job("a", json!({}))]).len(), 1);
}
