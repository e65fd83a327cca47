//! What a server shows, read as Prometheus does.

use std::collections::{BTreeMap, BTreeSet};

use crate::caller::Caller;

/// One series and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// As it is written, with the ending of a histogram's.
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// All that is shown at one moment.
#[derive(Debug)]
pub struct Scrape {
    /// What kind each measurement is, by its name.
    pub kinds: BTreeMap<String, String>,
    /// What is told with each.
    pub meanings: BTreeMap<String, String>,
    pub series: Vec<Series>,
}

impl Scrape {
    pub async fn of(measurements: &Caller) -> Self {
        let answer = measurements.get("/metrics").await.expect(200);
        assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::read(&answer.body)
    }

    fn read(text: &str) -> Self {
        let told = |what: &str| {
            let lines = text.lines().filter_map(move |line| line.strip_prefix(what)?.split_once(' '));
            lines.map(|(name, told)| (name.to_owned(), told.to_owned())).collect()
        };
        let series = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(series);
        Self { kinds: told("# TYPE "), meanings: told("# HELP "), series: series.collect() }
    }

    /// Series of that name with at least these labels.
    pub fn with<'s>(&'s self, name: &str, labels: &[(&str, &str)]) -> Vec<&'s Series> {
        let fits = |series: &&Series| {
            let has = |(label, value): &(&str, &str)| series.labels.get(*label).is_some_and(|known| known == value);
            series.name == name && labels.iter().all(has)
        };
        self.series.iter().filter(fits).collect()
    }

    /// What these series come to together; none where there are none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found = self.with(name, labels);
        (!found.is_empty()).then(|| found.iter().map(|series| series.value).sum())
    }

    /// The values that a label has.
    pub fn values(&self, name: &str, label: &str) -> BTreeSet<&str> {
        self.with(name, &[]).iter().filter_map(|series| series.labels.get(label)).map(String::as_str).collect()
    }
}

fn series(line: &str) -> Series {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    // No label of ours holds a quotation mark.
    let pairs = labels.trim_end_matches('}').split("\",").filter(|pair| !pair.is_empty());
    let labels = pairs.map(|pair| {
        let (label, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
        (label.to_owned(), value.trim_end_matches('"').to_owned())
    });
    Series { name: name.to_owned(), labels: labels.collect(), value: value.parse().unwrap() }
}
