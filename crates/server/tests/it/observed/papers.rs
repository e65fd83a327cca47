//! Dashboards, alerts and runbooks lean on measurements by their names; these are the names that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;
use server::metrics::catalogue::{self, Kind, Metric};

/// Labels that Prometheus puts to a series (`namespace` on Kubernetes), and the one of a histogram's buckets.
const THEIRS: [&str; 4] = ["instance", "job", "le", "namespace"];

/// Roles and databases of PostgreSQL in the guides.
const OF_DATABASES: [&str; 6] =
    ["rollcall_again", "rollcall_app", "rollcall_backup", "rollcall_operator", "rollcall_owner", "rollcall_tenant"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    paths.sort();
    assert!(!paths.is_empty(), "{folder}");
    paths
}

/// A series' name without the ending of a histogram's.
fn listed(series: &str) -> Option<&'static Metric> {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|ending| series.strip_suffix(ending));
    catalogue::ALL.iter().find(|metric| match metric.kind {
        Kind::Histogram => of_histogram == Some(metric.name),
        _ => series == metric.name,
    })
}

/// Holds what is asked of Prometheus to the catalogue; gives the names that it uses.
fn expect_known(place: &str, asked: &str) -> BTreeSet<&'static str> {
    let (name, selector) =
        (Regex::new(r"\brollcall_\w+").unwrap(), Regex::new(r"\b(rollcall_\w+)\{([^}]*)\}").unwrap());
    let label = Regex::new(r"(\w+)\s*(?:=~|!~|!=|=)").unwrap();
    let known = |series: &str| listed(series).unwrap_or_else(|| panic!("{place} uses {series}, which does not exist"));
    for found in selector.captures_iter(asked) {
        let metric = known(&found[1]);
        for label in label.captures_iter(&found[2]) {
            let label = label.get(1).unwrap().as_str();
            let exists = metric.labels.contains(&label) || THEIRS.contains(&label);
            assert!(exists, "{place} uses the label {label} of {}, which does not exist", metric.name);
        }
    }
    let names = name.find_iter(asked).map(|found| found.as_str()).filter(|name| !OF_DATABASES.contains(name));
    names.map(|name| known(name).name).collect()
}

/// Every question of a dashboard.
fn questions(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Array(list) => list.iter().for_each(|each| questions(each, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if matches!(name.as_str(), "expr" | "query" | "definition") => {
                        found.push(text.clone());
                    }
                    other => questions(other, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn dashboards_ask_for_what_exists_and_fit_on_the_screen() {
    let mut used = BTreeSet::new();
    for path in files("deploy/helm/rollcall/files/dashboards", "json") {
        let (name, board) = (path.display().to_string(), serde_json::from_str::<Value>(&read(&path)).unwrap());
        let mut asked = Vec::new();
        questions(&board, &mut asked);
        for question in &asked {
            used.extend(expect_known(&name, question));
        }
        let panels = board["panels"].as_array().unwrap();
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{name}");
        for panel in panels {
            let place = &panel["gridPos"];
            assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24, "{name}: {}", panel["title"]);
            let is_told = panel["type"] == "row" || !panel["description"].as_str().unwrap_or_default().is_empty();
            assert!(is_told, "{name}: {} says nothing of itself", panel["title"]);
        }
    }
    let unused: Vec<_> = catalogue::ALL.iter().map(|metric| metric.name).filter(|name| !used.contains(name)).collect();
    assert!(unused.is_empty(), "no dashboard shows {unused:?}");
}

/// The rules of the file, each with what stands in it. It is ours, so that its form is known.
fn alerts() -> Vec<(String, String)> {
    let text = read(&root().join("deploy/helm/rollcall/files/alerts.yaml"));
    let mut parts = text.split("- alert: ").skip(1);
    let rules: Vec<_> = std::iter::from_fn(|| {
        let (name, rule) = parts.next()?.split_once('\n')?;
        Some((name.to_owned(), rule.to_owned()))
    })
    .collect();
    assert!(rules.len() >= 10, "{rules:?}");
    rules
}

fn in_kebab_case(name: &str) -> String {
    let mut kebab = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[test]
fn alerts_ask_for_what_exists_and_say_all_that_is_needed_at_night() {
    for (name, rule) in alerts() {
        let used = expect_known(&name, &rule);
        assert!(name == "RollcallDown" || !used.is_empty(), "{name} asks for nothing");
        for part in ["expr: ", "for: ", "severity: ", "summary: ", "description: ", "runbook_url: "] {
            assert_eq!(rule.matches(part).count(), 1, "{name}: {part}");
        }
        let severity = rule.split_once("severity: ").unwrap().1;
        assert!(["critical}", "warning}", "info}"].iter().any(|known| severity.starts_with(known)), "{name}");
        let url = rule.lines().find_map(|line| line.trim().strip_prefix("runbook_url: ")).unwrap();
        assert_eq!(url, format!("docs/runbooks/{}.md", in_kebab_case(&name)), "{name}");
    }
}

/// Two installations that one Prometheus watches are two: what one has does not stand for the other.
#[test]
fn alerts_and_dashboards_tell_installations_apart() {
    let aggregation = Regex::new(r"\b(?:sum|max|min|avg|count)(?: (by) \(([^)]*)\)| ?\()").unwrap();
    let joins = Regex::new(r"\bon \(([^)]*)\)").unwrap();
    let measured = Regex::new(r"\brollcall_\w+").unwrap();
    let mut seen = 0;
    for (name, rule) in alerts() {
        let asked = rule.split_once("\n        for: ").unwrap().0;
        let by = aggregation.captures_iter(asked).map(|found| found.get(2).map_or("", |by| by.as_str()).to_owned());
        for labels in by.chain(joins.captures_iter(asked).map(|found| found[1].to_owned())) {
            assert!(labels.split(", ").any(|label| label == "namespace"), "{name} mixes installations: {asked}");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
    for path in files("deploy/helm/rollcall/files/dashboards", "json") {
        let (name, mut asked) = (path.display().to_string(), Vec::new());
        questions(&serde_json::from_str(&read(&path)).unwrap(), &mut asked);
        for question in
            asked.iter().filter(|question| question.as_str() != "label_values(rollcall_build_info, namespace)")
        {
            let series = measured.find_iter(question).count();
            let chosen = question.matches(r#"namespace=~"$namespace""#).count();
            assert_eq!(series, chosen, "{name}: {question}");
        }
    }
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() {
    let alerts: BTreeSet<String> = alerts().into_iter().map(|(name, _)| name).collect();
    let expected: BTreeSet<String> = alerts.iter().map(|name| in_kebab_case(name)).collect();
    let pages = files("docs/runbooks", "md");
    let names = pages.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
    for path in pages {
        let (name, text) = (path.display().to_string(), read(&path));
        let title = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        assert!(title.split_once(':').is_some_and(|(alert, _)| alerts.contains(alert)), "{name}: {title}");
        for heading in ["\n## What it means\n", "\n## What to look at\n", "\n## What to do\n"] {
            assert_eq!(text.matches(heading).count(), 1, "{name}: {heading}");
        }
        expect_known(&name, &text);
    }
}

#[test]
fn guides_name_what_exists() {
    for path in files("docs/guides", "md") {
        expect_known(&path.display().to_string(), &read(&path));
    }
}
