//! The recorded conversations, embedded in the binary.

use super::{
    error::ReplayError,
    scenario::{IndexEntry, Scenario, Step},
};

macro_rules! embedded {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/", $file)))),*]
    };
}

const INDEX: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/index.json"));

const FILES: &[(&str, &str)] = embedded![
    "entra-a1-test-connection.json",
    "entra-b1-initial-cycle-noflag.json",
    "entra-b2-initial-cycle-flag.json",
    "entra-b3-match-existing-noflag.json",
    "entra-b4-match-existing-flag.json",
    "entra-b5-conflict-and-missing.json",
    "entra-d1-update-noflag.json",
    "entra-d2-update-flag.json",
    "entra-d3-upsert-noflag.json",
    "entra-d4-upsert-flag.json",
    "entra-d5-onboarding-multivalued.json",
    "entra-d6-clear-values-noflag.json",
    "entra-d7-clear-values-flag.json",
    "entra-d8-custom-extension.json",
    "entra-e1-disable-enable-noflag.json",
    "entra-e2-disable-enable-flag.json",
    "entra-e3-recycle-bin-noflag.json",
    "entra-e4-recycle-bin-flag.json",
    "entra-f1-hard-delete.json",
    "entra-g1-reassign-noflag.json",
    "entra-g2-reassign-flag.json",
    "entra-h1-group-lifecycle-noflag.json",
    "entra-h2-group-lifecycle-flag.json",
    "entra-h5-group-extra-schema-urn.json",
    "entra-h3-group-replace-members-noflag.json",
    "entra-h4-group-replace-members-flag.json",
    "entra-i1-manager-noflag.json",
    "entra-i2-manager-flag.json",
    "entra-j1-roles-noflag.json",
    "entra-j2-roles-flag.json",
    "entra-k1-discovery.json",
    "entra-l1-provision-on-demand.json",
    "entra-m1-pagination.json",
    "entra-m2-case-handling.json",
    "okta-1-user-lifecycle-catalog-app.json",
    "okta-2-user-lifecycle-custom-app.json",
    "okta-3-groups-catalog-app.json",
    "okta-4-groups-custom-app.json",
    "okta-5-import-paging.json",
];

/// All scenarios, in the order of the index.
///
/// # Errors
/// [`ReplayError::Fixture`] or [`ReplayError::NotEmbedded`]: the binary was built with a corpus that is not in order.
pub fn scenarios() -> Result<Vec<Scenario>, ReplayError> {
    let index: Vec<IndexEntry> = parse("index.json", INDEX)?;
    index.into_iter().map(scenario).collect()
}

/// The scenarios whose file name, title or client contains the text, in any case; all of them without a text.
///
/// # Errors
/// [`ReplayError::NoMatch`] when there is none, besides the errors of [`scenarios`].
pub fn select(only: Option<&str>) -> Result<Vec<Scenario>, ReplayError> {
    let all = scenarios()?;
    let Some(only) = only else {
        return Ok(all);
    };
    let (chosen, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|scenario| scenario.matches(only));
    if chosen.is_empty() {
        let lines: Vec<String> =
            others.iter().map(|other| format!("  {}: {}", other.stem(), other.about.title)).collect();
        return Err(ReplayError::NoMatch { only: only.to_owned(), available: lines.join("\n") });
    }
    Ok(chosen)
}

fn scenario(about: IndexEntry) -> Result<Scenario, ReplayError> {
    let text = FILES.iter().find(|(file, _)| *file == about.file).map(|(_, text)| *text);
    let text = text.ok_or_else(|| ReplayError::NotEmbedded { file: about.file.clone() })?;
    let steps: Vec<Step> = parse(&about.file, text)?;
    Ok(Scenario { about, steps })
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, ReplayError> {
    serde_json::from_str(text).map_err(|source| ReplayError::Fixture { file: file.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::{FILES, INDEX, scenarios, select};
    use crate::replay::{assertion::Claim, error::ReplayError, scenario::IndexEntry, variables::Variables};

    #[test]
    fn there_are_39_scenarios_and_443_steps() {
        let scenarios = scenarios().unwrap();
        assert_eq!(scenarios.len(), 39);
        assert_eq!(scenarios.iter().map(|scenario| scenario.steps.len()).sum::<usize>(), 443);
    }

    #[test]
    fn the_folder_the_index_and_the_binary_hold_the_same_files() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let in_folder: BTreeSet<String> = names.filter(|name| name != "index.json").collect();
        let index: Vec<IndexEntry> = serde_json::from_str(INDEX).unwrap();
        let in_index: BTreeSet<String> = index.iter().map(|entry| entry.file.clone()).collect();
        let embedded: BTreeSet<String> = FILES.iter().map(|(file, _)| (*file).to_owned()).collect();
        assert_eq!(in_folder, embedded);
        assert_eq!(in_folder, in_index);
        assert_eq!((index.len(), FILES.len()), (in_folder.len(), in_folder.len()), "a file is listed twice");
    }

    #[test]
    fn every_variable_is_given_or_captured_by_an_earlier_step() {
        for scenario in scenarios().unwrap() {
            let mut variables = Variables::given("http://host", || [7; 16]);
            for step in &scenario.steps {
                let context = format!("{} {}", scenario.about.file, step.name);
                variables.fill(&step.request).unwrap_or_else(|error| panic!("{context}: {error}"));
                variables.fill(&step.expect).unwrap_or_else(|error| panic!("{context}: {error}"));
                step.capture.keys().for_each(|name| variables.set(name, "x".to_owned()));
            }
        }
    }

    #[test]
    fn every_step_has_a_status_to_expect_and_patterns_that_compile() {
        for step in scenarios().unwrap().iter().flat_map(|scenario| &scenario.steps) {
            assert!(!step.expect.status.is_empty(), "{}", step.name);
            for assertion in &step.expect.json {
                if let Claim::Matches(pattern) = &assertion.claim {
                    assert!(regex::Regex::new(pattern).is_ok(), "{}: {pattern}", step.name);
                }
            }
        }
    }

    #[test]
    fn scenarios_are_chosen_by_file_title_or_client() {
        assert_eq!(select(None).unwrap().len(), 39);
        assert_eq!(select(Some("OKTA")).unwrap().len(), 5);
        assert_eq!(select(Some("entra-a1-test-connection.json")).unwrap().len(), 1);
        assert_eq!(select(Some("random guid as the matching")).unwrap()[0].about.file, "entra-a1-test-connection.json");
    }

    #[test]
    fn a_choice_of_nothing_lists_what_there_is() {
        let error = select(Some("jumpcloud")).unwrap_err();
        assert!(matches!(error, ReplayError::NoMatch { .. }));
        let text = error.to_string();
        assert!(text.starts_with("no scenario matches \"jumpcloud\"; there are:\n  entra-a1-test-connection: Test"));
        assert!(text.lines().count() == 40 && text.contains("okta-5-import-paging"));
    }
}
