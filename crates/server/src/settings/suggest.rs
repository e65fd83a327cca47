//! What somebody probably meant by a key that does not exist.

use super::error::Origin;
use super::table::{self, Key};

/// How alike two names must be, from 0 to 1, before one is suggested for the other.
const ALIKE: f64 = 0.5;

/// A hint for the unknown key `name`: its keys if it is a section, else the nearest key.
pub(super) fn hint(name: &str, origin: &Origin) -> String {
    if let Some(section) = table::section(name) {
        let keys: Vec<_> = section.keys.iter().map(|key| key.name).collect();
        return format!("it is a section, with the keys {}", keys.join(", "));
    }
    match (nearest(name), origin) {
        (Some(key), Origin::Environment(_)) => format!("did you mean {} ({})?", key.name, key.env()),
        (Some(key), _) => format!("did you mean {}?", key.name),
        (None, _) => "`rollcall config reference` lists the known keys".to_owned(),
    }
}

fn nearest(name: &str) -> Option<&'static Key> {
    let name = name.to_lowercase();
    table::all_keys()
        .map(|key| (key, likeness(&name, key.name)))
        .filter(|(_, likeness)| *likeness >= ALIKE)
        // Of those that are as near the first, which is better known.
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .map(|(key, _)| key)
}

/// How alike two dotted names are; a name without its section is compared with the last part alone.
fn likeness(given: &str, known: &str) -> f64 {
    let whole = strsim::normalized_damerau_levenshtein(given, known);
    match known.rsplit_once('.') {
        Some((_, last)) if !given.contains('.') => whole.max(0.9 * strsim::normalized_damerau_levenshtein(given, last)),
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_file(name: &str) -> String {
        hint(name, &Origin::File { path: "rollcall.toml".to_owned(), line: 1 })
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        assert_eq!(in_file("http.prot"), "did you mean http.port?");
        assert_eq!(in_file("htpp.port"), "did you mean http.port?");
        assert_eq!(in_file("database.ulr"), "did you mean database.url?");
    }

    #[test]
    fn a_forgotten_section_is_recognised() {
        assert_eq!(in_file("port"), "did you mean http.port?");
        assert_eq!(in_file("base_domain"), "did you mean tenancy.base_domain?");
    }

    #[test]
    fn a_hint_for_the_environment_names_the_variable() {
        let origin = Origin::Environment("ROLLCALL__HTTP__PROT".to_owned());
        assert_eq!(hint("http.prot", &origin), "did you mean http.port (ROLLCALL__HTTP__PORT)?");
    }

    #[test]
    fn a_section_in_place_of_a_key_lists_its_keys() {
        assert_eq!(in_file("redis"), "it is a section, with the keys redis.url, redis.ca_file");
    }

    #[test]
    fn a_name_that_is_like_no_key_points_to_the_reference() {
        assert_eq!(in_file("zzz"), "`rollcall config reference` lists the known keys");
    }
}
