//! Names, labels and selectors.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{chart, list, name, profile, profiles, texts};

const COMMON: [&str; 6] = [
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app.kubernetes.io/version",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
];

#[test]
fn names_and_labels_are_short_enough_and_names_stand_once() {
    for profile in profiles() {
        let mut seen = BTreeSet::new();
        for object in profile.objects() {
            let name = name(object);
            let shown = format!("{} {name} of {}", object["kind"], profile.name);
            assert!(name.len() <= 63 && !name.starts_with('-') && !name.ends_with('-'), "{shown}");
            assert!(seen.insert((object["kind"].to_string(), name)), "{shown} stands twice");
            assert!(object["metadata"]["namespace"].is_null(), "{shown} names a namespace");
            for (key, value) in object["metadata"]["labels"].as_object().into_iter().flatten() {
                let value = value.as_str().unwrap_or_else(|| panic!("{shown}: {key} is no text"));
                assert!(value.len() <= 63, "{shown}: {key}");
            }
        }
    }
}

#[test]
fn every_object_of_the_chart_can_be_found_by_its_labels() {
    for profile in profiles() {
        let values = profile.all_values();
        let extra = list(&values["extraManifests"]);
        let ours = profile.objects().iter().filter(|object| !extra.contains(object));
        for object in ours {
            for key in COMMON {
                assert!(
                    object["metadata"]["labels"][key].is_string(),
                    "{} {} of {}",
                    object["kind"],
                    name(object),
                    profile.name
                );
            }
        }
    }
    let labelled = profile("everything-on").objects().iter();
    assert!(labelled.filter(|object| object["metadata"]["labels"]["team"] == "identity").count() > 20);
}

#[test]
fn selectors_select_the_pods_they_are_for_and_no_others() {
    for profile in profiles() {
        for deployment in profile.of_kind("Deployment") {
            for pod in profile.pods() {
                let is_own = pod.owner == deployment;
                assert_eq!(
                    pod.fits(&deployment["spec"]["selector"]),
                    is_own,
                    "{} of {}",
                    name(deployment),
                    profile.name
                );
                // The Service and the budget of a Deployment have its name.
                for kind in ["Service", "PodDisruptionBudget"] {
                    let same = profile.of_kind(kind).find(|object| name(object) == name(deployment));
                    let selector = match kind {
                        "Service" => same.map(|service| json!({"matchLabels": service["spec"]["selector"]})),
                        _ => same.map(|budget| budget["spec"]["selector"].clone()),
                    };
                    // Nobody has to do with the worker.
                    let is_asked = kind == "Service" && !name(deployment).ends_with("-worker");
                    assert!(!is_asked || selector.is_some(), "{} has no Service", name(deployment));
                    assert!(
                        selector.is_none_or(|selector| pod.fits(&selector) == is_own),
                        "{kind} of {}",
                        profile.name
                    );
                }
            }
        }
    }
}

#[test]
fn the_version_is_the_product_s_and_stands_in_no_selector() {
    assert_eq!(chart().about["appVersion"], env!("CARGO_PKG_VERSION"));
    for profile in profiles() {
        for deployment in profile.of_kind("Deployment") {
            let selector = texts(&deployment["spec"]["selector"]);
            assert!(!selector.iter().any(|text| text.contains("version") || text.contains("chart")), "{selector:?}");
        }
    }
}
