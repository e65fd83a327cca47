//! The chart with every file of values, and ways through what it becomes.

use std::sync::OnceLock;

use chart::files::Chart;
use chart::render::{Rendered, render};
use chart::{chart_folder, write};
use serde_json::Value;

/// What the chart becomes with one file of values.
pub struct Profile {
    pub name: String,
    pub values: Value,
    pub rendered: Rendered,
}

impl Profile {
    pub fn objects(&self) -> &[Value] {
        &self.rendered.objects
    }

    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects().iter().filter(move |object| object["kind"] == kind)
    }

    pub fn pods(&self) -> Vec<Pod<'_>> {
        self.objects().iter().filter_map(Pod::of).collect()
    }

    /// The pods that serve.
    pub fn serving(&self) -> Vec<Pod<'_>> {
        self.pods().into_iter().filter(|pod| pod.owner["kind"] == "Deployment").collect()
    }

    /// All values, those of the chart where the file says nothing.
    pub fn all_values(&self) -> Value {
        chart::values::overlay(&chart().values, &self.values)
    }
}

/// A pod, or what becomes one.
pub struct Pod<'a> {
    pub owner: &'a Value,
    pub labels: &'a Value,
    pub spec: &'a Value,
}

impl<'a> Pod<'a> {
    fn of(object: &'a Value) -> Option<Self> {
        let pod = match object["kind"].as_str()? {
            "Deployment" | "Job" => &object["spec"]["template"],
            "Pod" => object,
            _ => return None,
        };
        Some(Self { owner: object, labels: &pod["metadata"]["labels"], spec: &pod["spec"] })
    }

    /// All containers, those included that come before the others.
    pub fn containers(&self) -> impl Iterator<Item = &'a Value> {
        list(&self.spec["initContainers"]).iter().chain(list(&self.spec["containers"]))
    }

    /// The one container, as all pods of the chart have.
    pub fn container(&self) -> &'a Value {
        let [container] = list(&self.spec["containers"]) else { panic!("{} has several containers", name(self.owner)) };
        container
    }

    /// Whether a selector's labels and expressions fit.
    pub fn fits(&self, selector: &Value) -> bool {
        let labels = selector["matchLabels"].as_object().into_iter().flatten();
        let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
        labels.into_iter().all(|(key, value)| self.labels[key] == *value)
            && expressions.into_iter().all(|expression| {
                assert_eq!(expression["operator"], "In");
                let value = &self.labels[expression["key"].as_str().unwrap()];
                expression["values"].as_array().unwrap().contains(value)
            })
    }
}

pub fn chart() -> &'static Chart {
    static CHART: OnceLock<Chart> = OnceLock::new();
    CHART.get_or_init(|| Chart::read(&chart_folder()).unwrap())
}

/// Every file of values, rendered.
pub fn profiles() -> &'static [Profile] {
    static PROFILES: OnceLock<Vec<Profile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let read = write::profiles().unwrap().into_iter();
        let profiles: Vec<_> = read
            .map(|(name, values)| {
                let rendered = render(chart(), &values).unwrap_or_else(|error| panic!("{name}: {error}"));
                Profile { name, values, rendered }
            })
            .collect();
        assert!(profiles.len() >= 9, "files of values are missing");
        profiles
    })
}

pub fn profile(name: &str) -> &'static Profile {
    profiles().iter().find(|profile| profile.name == name).unwrap_or_else(|| panic!("no ci/{name}.yaml"))
}

pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_else(|| panic!("no name: {object}"))
}

pub fn hook(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"]["helm.sh/hook"].as_str()
}

/// Every text within a value, keys too.
pub fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(map) => map.iter().flat_map(|(key, value)| [vec![key.as_str()], texts(value)].concat()).collect(),
        _ => Vec::new(),
    }
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
