//! The settings file: TOML, with the line of every key remembered for messages.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::error::{Origin, SettingsError};
use super::given::Given;
use super::layers::Layer;
use super::table;

/// The file that is read when none is named.
const USUAL: &str = "rollcall.toml";

/// `named`, or the usual file when there is one in `folder`.
pub(super) fn choose(named: Option<&Path>, folder: &Path) -> Option<PathBuf> {
    let usual = folder.join(USUAL);
    match named {
        Some(path) => Some(path.to_owned()),
        // a file that exists but cannot be looked at is an error when it is read
        None => usual.try_exists().unwrap_or(true).then_some(usual),
    }
}

/// Reads a settings file.
pub(super) fn read(path: &Path) -> Result<Layer, SettingsError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| SettingsError::Unreadable { path: name.clone(), reason: error.to_string() })?;
    parse(&text, &name)
}

fn parse(text: &str, path: &str) -> Result<Layer, SettingsError> {
    let document = DeTable::parse(text).map_err(|error| malformed(text, path, &error))?;
    let mut found = Vec::new();
    flatten("", document.get_ref(), &mut found);
    found.sort_by_key(|entry| entry.start);
    let mut layer = Layer::default();
    for entry in found {
        let origin = Origin::File { path: path.to_owned(), line: line(text, entry.start) };
        layer.add(&entry.name, &entry.given, origin)?;
    }
    Ok(layer)
}

/// A key in the file, with the place of its name.
struct Found {
    name: String,
    start: usize,
    given: Given,
}

fn flatten(prefix: &str, table: &DeTable<'_>, found: &mut Vec<Found>) {
    for (name, value) in table {
        let dotted = dotted(prefix, name.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) if opens_keys(&dotted, inner) => flatten(&dotted, inner, found),
            value => found.push(Found { name: dotted, start: name.span().start, given: value.into() }),
        }
    }
}

/// Whether a table is to be looked into, rather than being a (wrong) value or an unknown name itself.
fn opens_keys(name: &str, inner: &DeTable<'_>) -> bool {
    table::section(name).is_some() || (table::find(name).is_none() && !inner.is_empty())
}

/// Joins names; one with a dot in it (it was quoted in the file) stays quoted and so matches no key.
fn dotted(prefix: &str, name: &str) -> String {
    let name = if name.contains('.') { format!("{name:?}") } else { name.to_owned() };
    if prefix.is_empty() { name } else { format!("{prefix}.{name}") }
}

/// The parser's own text repeats the line, which may hold a secret; this one does not.
fn malformed(text: &str, path: &str, error: &toml::de::Error) -> SettingsError {
    let start = error.span().map_or(0, |span| span.start);
    let reason = error.message().lines().collect::<Vec<_>>().join(", ");
    SettingsError::Malformed { path: path.to_owned(), line: line(text, start), reason }
}

fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text, "rollcall.toml").unwrap_err().to_string()
    }

    #[test]
    fn a_file_named_on_the_command_line_is_read_even_if_it_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("other.toml");
        assert_eq!(choose(Some(&named), folder.path()), Some(named.clone()));
        let error = read(&named).unwrap_err().to_string();
        assert!(error.starts_with(&format!("cannot read the settings file {}: No such file", named.display())));
    }

    #[test]
    fn the_usual_file_is_read_only_when_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(choose(None, folder.path()), None);
        std::fs::write(folder.path().join(USUAL), "").unwrap();
        assert_eq!(choose(None, folder.path()), Some(folder.path().join(USUAL)));
    }

    #[test]
    fn a_malformed_file_is_named_with_its_line_and_without_its_text() {
        let error = message("[database]\nurl = \"postgres://u:hunter2@db/x\n");
        assert!(error.starts_with("the settings file rollcall.toml is not valid TOML at line 2: "), "{error}");
        assert!(!error.contains("hunter2") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_without_its_value() {
        assert_eq!(
            message("[database]\nulr = \"postgres://u:hunter2@db/x\"\n"),
            "unknown settings key database.ulr in file rollcall.toml line 2: did you mean database.url?"
        );
    }

    #[test]
    fn an_unknown_section_is_an_error_even_when_it_is_empty() {
        assert!(message("[htpp]\n").starts_with("unknown settings key htpp in file rollcall.toml line 1: "));
        assert!(message("[htpp]\nport = 1\n").ends_with("line 2: did you mean http.port?"));
        assert!(parse("[http]\n", "rollcall.toml").is_ok());
    }

    #[test]
    fn a_section_given_as_a_value_is_an_error_that_hides_the_value() {
        let error = message("database = \"postgres://u:hunter2@db/x\"\n");
        assert!(error.contains("database in file rollcall.toml line 1: it is a section"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn a_quoted_name_with_a_dot_is_not_a_path() {
        assert!(message("\"http.port\" = 1\n").starts_with("unknown settings key \"http.port\" in"));
    }

    #[test]
    fn a_value_of_the_wrong_type_says_what_was_given() {
        let given = |text: &str| message(&format!("[http]\nport = {text}\n"));
        assert!(given("\"8080\"").contains("line 2 is \"8080\": expected a whole number from 0 to 65535"));
        assert!(given("-1").contains(" is -1: "));
        assert!(given("70000").contains(" is 70000: "));
        assert!(given("1.5").contains(" is 1.5, a number with a fraction: "));
        assert!(given("[1]").contains(" is a list: "));
        assert!(given("{}").contains(" is a table: "));
        assert!(given("true").contains(" is true: "));
        assert!(
            message("data_dir = 5\n").contains("data_dir from file rollcall.toml line 1 is 5: expected a folder, ")
        );
    }
}
