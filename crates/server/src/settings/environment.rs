//! Environment variables: `ROLLCALL__SECTION__KEY`.

use std::ffi::{OsStr, OsString};

use super::error::{Origin, SettingsError};
use super::given::Given;
use super::layers::Layer;

/// Two underscores: what starts with `ROLLCALL_` and only one (such as `ROLLCALL_TOKEN`) is no setting.
const PREFIX: &str = "ROLLCALL__";

/// Reads the settings among these variables, in the order of their names so that messages do not depend on chance.
pub(super) fn read<Text: Into<OsString>>(
    variables: impl IntoIterator<Item = (Text, Text)>,
) -> Result<Layer, SettingsError> {
    let mut ours: Vec<(String, OsString)> =
        variables.into_iter().filter_map(|(name, value)| Some((ours(&name.into())?, value.into()))).collect();
    ours.sort();
    let mut layer = Layer::default();
    for (name, value) in ours {
        add(&mut layer, name, value)?;
    }
    Ok(layer)
}

fn ours(name: &OsStr) -> Option<String> {
    let name = name.to_string_lossy();
    name.starts_with(PREFIX).then(|| name.into_owned())
}

fn add(layer: &mut Layer, name: String, value: OsString) -> Result<(), SettingsError> {
    let key = key_name(&name);
    let given = value.into_string().map_or(Given::Other("not Unicode text"), Given::Loose);
    layer.add(&key, &given, Origin::Environment(name))
}

/// The dotted name that a variable stands for.
fn key_name(variable: &str) -> String {
    variable.strip_prefix(PREFIX).unwrap_or(variable).to_lowercase().replace("__", ".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(name: &str, value: &str) -> String {
        read([(name, value)]).unwrap_err().to_string()
    }

    #[test]
    fn variables_with_another_prefix_are_no_settings() {
        assert!(read([("ROLLCALL_TOKEN", "x"), ("PATH", "x"), ("ROLLCALL", "x"), ("ROLLCALL_PORT", "x")]).is_ok());
    }

    #[test]
    fn an_unknown_variable_is_named_in_full_without_its_value() {
        assert_eq!(
            message("ROLLCALL__HTTP__PROT", "hunter2"),
            "unknown settings key http.prot in environment variable ROLLCALL__HTTP__PROT: \
             did you mean http.port (ROLLCALL__HTTP__PORT)?"
        );
    }

    #[test]
    fn a_variable_in_small_letters_is_unknown() {
        assert_eq!(
            message("ROLLCALL__http__port", "1"),
            "unknown settings key http.port in environment variable ROLLCALL__http__port: \
             did you mean http.port (ROLLCALL__HTTP__PORT)?"
        );
    }

    #[test]
    fn numbers_and_flags_must_parse() {
        assert_eq!(
            message("ROLLCALL__HTTP__PORT", "abc"),
            "settings key http.port from environment variable ROLLCALL__HTTP__PORT is \"abc\": \
             expected a whole number from 0 to 65535"
        );
        assert!(message("ROLLCALL__HTTP__PORT", "").contains(" is \"\": "));
        assert!(message("ROLLCALL__HTTP__PORT", "+1").contains(" is \"+1\": "));
        assert!(message("ROLLCALL__LIMITS__ENABLED", "no").contains(" is \"no\": expected true or false"));
    }

    #[test]
    fn a_long_or_odd_value_is_cut_and_escaped() {
        let error = message("ROLLCALL__HTTP__PORT", &"9".repeat(500));
        assert!(error.len() < 250, "{error}");
        assert!(message("ROLLCALL__HTTP__PORT", "1\n2").contains(r#""1\n2""#));
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_not_unicode_is_an_error_and_not_a_guess() {
        use std::os::unix::ffi::OsStringExt;
        let variable = (OsString::from("ROLLCALL__HTTP__HOST"), OsString::from_vec(vec![0xff]));
        assert!(read([variable]).unwrap_err().to_string().contains(" is not Unicode text: expected "));
    }
}
