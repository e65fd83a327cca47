//! The settings of the product, as `docs/reference/configuration.md` lists them, and which of them the chart takes under
//! `settings`.

use serde_json::{Value as Json, json};

use crate::files::read;
use crate::{ChartError, repository};

/// A key of the product's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `section.key`.
    pub key: String,
    /// The environment variable.
    pub variable: String,
    /// What it takes, in words.
    pub expected: String,
    /// What it means.
    pub meaning: String,
    /// Whether it is nobody's business.
    pub is_secret: bool,
}

/// Keys that the chart sets itself, and by which value; the others that are no secret go under `settings`.
pub const HELD: [(&str, &str); 11] = [
    ("public_url", "publicUrl"),
    // Nothing is kept on disk.
    ("data_dir", "-"),
    ("http.port", "service.port"),
    ("http.drain_seconds", "drainSeconds"),
    ("database.migrate_on_start", "migrations.mode"),
    ("redis.ca_file", "redis.caConfigMap"),
    ("mail.ca_file", "mail.caConfigMap"),
    ("keys.ring_file", "keys.existingSecret"),
    ("tenancy.base_domain", "baseDomain"),
    ("metrics.host", "metrics.enabled"),
    ("metrics.port", "metrics.port"),
];

/// Every key of the product's settings.
pub fn all() -> Result<Vec<Setting>, ChartError> {
    let text = read(&repository().join("docs/reference/configuration.md"))?;
    let settings = listed(&text);
    if settings.len() < 40 {
        return Err(ChartError::Paper("docs/reference/configuration.md has no tables of keys any more".to_owned()));
    }
    Ok(settings)
}

/// The keys in the tables of the reference.
pub fn listed(text: &str) -> Vec<Setting> {
    text.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Setting> {
    let line = line.strip_prefix("| `")?.replace("\\|", "\u{1}");
    let cells: Vec<&str> = line.split(" | ").collect();
    let [key, variable, expected, _, meaning] = cells.as_slice() else { return None };
    let variable = variable.trim_matches('`');
    variable.starts_with("ROLLCALL__").then(|| Setting {
        key: key.trim_end_matches('`').to_owned(),
        variable: variable.to_owned(),
        expected: expected.replace('\u{1}', "|"),
        meaning: meaning.trim_end_matches(" |").replace('\u{1}', "|"),
        is_secret: meaning.contains("*Secret.*"),
    })
}

/// Those that go under `settings`, as section and key.
pub fn free(settings: &[Setting]) -> Vec<(&str, &str, &Setting)> {
    let is_held = |setting: &&Setting| setting.is_secret || HELD.iter().any(|(key, _)| *key == setting.key);
    let free = settings.iter().filter(|setting| !is_held(setting));
    free.filter_map(|setting| setting.key.split_once('.').map(|(section, key)| (section, key, setting))).collect()
}

/// What a key takes, as JSON schema.
pub fn taken(expected: &str) -> Json {
    let numbers: Vec<i64> = expected.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    let span = |kind: &str| match numbers.as_slice() {
        [least, most] => json!({"type": kind, "minimum": least, "maximum": most}),
        [least] => json!({"type": kind, "minimum": least}),
        _ => json!({"type": kind}),
    };
    if expected.starts_with("a whole number") {
        span("integer")
    } else if expected.starts_with("a number") {
        span("number")
    } else if expected == "true or false" {
        json!({"type": "boolean"})
    } else if let Some(words) = expected.strip_prefix("one of ") {
        json!({"enum": words.split(", ").collect::<Vec<_>>()})
    } else if expected.contains("commas") {
        json!({"type": ["string", "array"], "items": {"type": "string"}})
    } else {
        json!({"type": "string"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_reference_is_read() {
        let text = "| key | environment variable | expected | default | meaning |\n| --- | --- | --- | --- | --- |\n\
                    | `redis.url` | `ROLLCALL__REDIS__URL` | redis://… | not set | Needs `script\\|load`. *Secret.* |";
        let [setting] = listed(text).try_into().unwrap();
        assert_eq!((setting.key.as_str(), setting.variable.as_str()), ("redis.url", "ROLLCALL__REDIS__URL"));
        assert_eq!((setting.meaning.as_str(), setting.is_secret), ("Needs `script|load`. *Secret.*", true));
    }

    #[test]
    fn words_become_schemas() {
        assert_eq!(taken("a whole number from 1 to 1024"), json!({"type": "integer", "minimum": 1, "maximum": 1024}));
        assert_eq!(taken("a whole number, at least 1"), json!({"type": "integer", "minimum": 1}));
        assert_eq!(taken("one of required, never"), json!({"enum": ["required", "never"]}));
        assert_eq!(taken("true or false"), json!({"type": "boolean"}));
        assert_eq!(taken("networks, separated by commas")["type"], json!(["string", "array"]));
    }
}
