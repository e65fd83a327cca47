//! What is written from something else is up to date, and papers and values say the same.

use std::collections::BTreeSet;

use chart::files::{read, read_yaml};
use chart::render::render;
use chart::values::overlay;
use chart::{chart_folder, readme, repository, schema, settings, write};
use serde_json::json;

use crate::support::{chart, list, profile, profiles};

#[test]
fn readme_schema_and_golden_files_are_up_to_date() {
    let written = write::everything().unwrap();
    assert_eq!(written.len(), 2 + write::GOLDEN.len());
    for (path, text) in written {
        let is = read(&path).unwrap_or_default();
        let shown = path.display();
        assert!(
            is == text,
            "{shown} is out of date: run `cargo run --quiet --package chart -- write` and look at the difference"
        );
    }
}

#[test]
fn values_and_schema_name_the_same() {
    let source = read(&chart_folder().join("values.yaml")).unwrap();
    let values: BTreeSet<_> = readme::paths(&chart().values, &readme::described(&source)).into_iter().collect();
    let schema: BTreeSet<_> = schema::paths(&chart().schema).into_iter().collect();
    assert!(values.len() > 100 && schema.len() > values.len());
    for path in &values {
        assert!(schema.contains(path), "values.schema.json does not know {path}");
    }
    let is_within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    // Helm's own, which a chart that has this one as a part may set.
    for path in schema.iter().filter(|path| *path != "global") {
        let is_known = values.iter().any(|value| is_within(path, value) || is_within(value, path));
        assert!(is_known, "values.yaml does not have {path}");
    }
}

#[test]
fn keys_that_the_chart_sets_itself_are_keys_and_the_values_are_values() {
    let settings = settings::all().unwrap();
    for (key, value) in settings::HELD {
        assert!(settings.iter().any(|setting| setting.key == key), "{key}");
        let place = format!("/{}", value.replace('.', "/"));
        assert!(value == "-" || chart().values.pointer(&place).is_some(), "{value}");
    }
}

#[test]
fn templates_read_no_value_that_there_is_not() {
    for (file, source) in &chart().templates {
        for place in source.split(".Values.").skip(1) {
            let path: String = place.chars().take_while(|each| each.is_ascii_alphanumeric() || *each == '.').collect();
            let path = path.trim_end_matches('.');
            let mut there = &chart().values;
            for step in path.split('.') {
                // What is inside of an open map is the operator's to say.
                if there.as_object().is_some_and(serde_json::Map::is_empty) {
                    break;
                }
                there = there.get(step).unwrap_or_else(|| panic!("{file}: values.yaml has no {path}"));
            }
        }
    }
}

#[test]
fn every_value_is_read_by_some_template() {
    let all: String = chart().templates.values().map(String::as_str).collect();
    let source = read(&chart_folder().join("values.yaml")).unwrap();
    for path in readme::paths(&chart().values, &readme::described(&source)) {
        let last = path.rsplit('.').next().unwrap();
        let is_read = all.contains(&format!(".{last}")) || all.contains(&format!("{last:?}"));
        // The helpers of Secrets go by these names.
        let is_read = is_read || all.contains(&format!(": {last}\n"));
        assert!(is_read, "no template reads {path}");
    }
}

#[test]
fn notes_say_what_to_do_next_and_what_is_missing() {
    let minimal = &profile("minimal").rendered.notes;
    assert!(minimal.contains("kubectl --namespace directory exec deployment/rollcall -- rollcall tenant create acme"));
    assert!(minimal.contains("port-forward service/rollcall 8080:80"));
    assert!(profile("split").rendered.notes.contains("exec deployment/rollcall-admin"));
    assert!(profile("subdomain").rendered.notes.contains("trusted_proxies is not set"));
    assert!(!profile("production").rendered.notes.contains("trusted_proxies"));
    assert!(profile("everything-off").rendered.notes.contains("Nothing migrates the database"));
    let without = overlay(&profile("split").values, &json!({"split": {"scimPathPattern": ""}}));
    let without = render(chart(), &without).unwrap().notes;
    assert!(
        without.contains("SCIM answers at https://TENANT.example.com/scim/v2, and at https://directory.example.com/t/")
    );
    assert!(!profile("split").rendered.notes.contains("scimPathPattern"));
    for profile in profiles() {
        assert!(!profile.rendered.notes.contains("<no value>"), "{}", profile.name);
    }
}

#[test]
fn every_alert_has_a_case_in_which_it_fires() {
    let alerts = chart::yaml::read("alerts", &chart().files["files/alerts.yaml"]).unwrap();
    let rules = list(&alerts["groups"]).iter().flat_map(|group| list(&group["rules"]));
    let alerts: BTreeSet<_> = rules.map(|rule| rule["alert"].as_str().unwrap()).collect();
    let cases = read_yaml(&repository().join("crates/chart/tests/alerts.yaml")).unwrap();
    let asked = list(&cases["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"]));
    let fires = asked.filter(|asked| !list(&asked["exp_alerts"]).is_empty());
    let fires: BTreeSet<_> = fires.map(|asked| asked["alertname"].as_str().unwrap()).collect();
    assert_eq!(fires, alerts, "`.ci/helm` runs them");
}

#[test]
fn alerts_and_dashboards_reach_the_cluster_as_they_are() {
    let files = &chart().files;
    let alerts = chart::yaml::read("alerts", &files["files/alerts.yaml"]).unwrap();
    let on = profile("everything-on");
    let rule = on.of_kind("PrometheusRule").next().unwrap();
    // A link needs what stands before it.
    let base = "https://git.example.com/rollcall/blob/v0.1.0/";
    let mut linked = rule["spec"]["groups"].clone();
    let rules = linked.as_array_mut().unwrap().iter_mut().flat_map(|group| group["rules"].as_array_mut().unwrap());
    for rule in rules {
        let url = rule["annotations"]["runbook_url"].as_str().unwrap();
        let path = url.strip_prefix(base).unwrap_or_else(|| panic!("{url}")).to_owned();
        assert!(repository().join(&path).is_file(), "{path}");
        rule["annotations"]["runbook_url"] = path.into();
    }
    assert_eq!(linked, alerts["groups"]);
    let unlinked = profile("production").of_kind("PrometheusRule").next().unwrap();
    assert_eq!(unlinked["spec"]["groups"], alerts["groups"]);
    let dashboards: Vec<_> = files.iter().filter(|(path, _)| path.starts_with("files/dashboards/")).collect();
    for (path, content) in &dashboards {
        let file = path.strip_prefix("files/dashboards/").unwrap();
        assert!(on.of_kind("ConfigMap").any(|config| config["data"][file] == content.as_str()), "{path}");
    }
    let labelled = on.of_kind("ConfigMap").filter(|config| config["metadata"]["labels"]["grafana_dashboard"] == "1");
    assert_eq!(labelled.count(), dashboards.len());
}
