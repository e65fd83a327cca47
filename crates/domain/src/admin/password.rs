//! What the passwords of admins may be: 12 to 256 characters, none that everybody tries first and none that the account gives
//! away. There are no rules of composition (NIST SP 800-63B, §3.1.1.2).

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use scim_protocol::value::fold;

/// The least and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=256;

/// What many people use, in lower case, one a line; see `common-passwords.txt.md` for where it comes from.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common-passwords.txt").lines().filter(|line| !line.is_empty()).collect());

/// Why a password is refused. Shown to whoever chose it, beside the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFlaw {
    TooShort,
    TooLong,
    /// It holds what no password may hold (RFC 8265 §4.2), such as control characters.
    Unusable,
    /// It is on the list of common passwords.
    Common,
    /// It is the e-mail address, a name of the account or the tenant, or repeats them.
    Known,
    /// It is something too short, over and over.
    Repetitive,
}

impl fmt::Display for PasswordFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooShort => "the password is too short: use at least 12 characters, for example four words",
            Self::TooLong => "the password is too long: use at most 256 characters",
            Self::Unusable => "the password holds characters that no password can hold, such as line breaks",
            Self::Common => "the password is one that many people use, and that is tried first: choose another",
            Self::Known => {
                "the password is made of your e-mail address or of names that others know: choose something else"
            }
            Self::Repetitive => "the password is something short over and over: choose something longer",
        })
    }
}

/// What a password must not be made of.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    pub email: &'a str,
    /// The account's name.
    pub name: &'a str,
    /// The tenant's name and slug.
    pub tenant: [&'a str; 2],
}

/// Checks a password that somebody chose.
///
/// # Errors
/// The first rule it breaks.
pub fn check(password: &str, about: About<'_>) -> Result<(), PasswordFlaw> {
    let length = password.chars().count();
    if length < *LENGTH.start() {
        return Err(PasswordFlaw::TooShort);
    }
    if length > *LENGTH.end() {
        return Err(PasswordFlaw::TooLong);
    }
    if password.chars().any(char::is_control) {
        return Err(PasswordFlaw::Unusable);
    }
    let folded = fold(password);
    if COMMON.contains(folded.as_ref()) {
        return Err(PasswordFlaw::Common);
    }
    let unit = unit(&folded);
    if COMMON.contains(unit) {
        return Err(PasswordFlaw::Common);
    }
    if is_made_of(&plain(&folded), &words(about)) {
        return Err(PasswordFlaw::Known);
    }
    match unit.chars().count() < *LENGTH.start() {
        true => Err(PasswordFlaw::Repetitive),
        false => Ok(()),
    }
}

/// The shortest text that gives this one when it is repeated.
fn unit(text: &str) -> &str {
    let lengths = (1..=text.len() / 2).filter(|length| text.len().is_multiple_of(*length));
    let mut units = lengths.filter_map(|length| text.get(..length));
    units.find(|unit| unit.repeat(text.len() / unit.len()) == text).unwrap_or(text)
}

/// What others know, as [`plain`] writes it.
fn words(about: About<'_>) -> Vec<String> {
    let (local, domain) = about.email.rsplit_once('@').unwrap_or((about.email, ""));
    let labels = domain.split('.').filter(|label| label.chars().count() > 2);
    let names = about.tenant.into_iter().chain([about.email, local, domain, about.name]).chain(labels);
    let parts = names.flat_map(|name| name.split_whitespace().chain([name]));
    let mut words: Vec<_> = parts.map(|part| plain(&fold(part))).filter(|word| word.chars().count() > 1).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Letters alone: what is put between and behind words makes nothing new of them.
fn plain(folded: &str) -> String {
    folded.chars().filter(|each| each.is_alphabetic()).collect()
}

/// Whether a text can be cut into these words, with nothing left over.
fn is_made_of(text: &str, words: &[String]) -> bool {
    if text.is_empty() {
        return false;
    }
    let mut reached = vec![false; text.len() + 1];
    for start in 0..text.len() {
        if start > 0 && !reached.get(start).copied().unwrap_or_default() {
            continue;
        }
        let Some(rest) = text.get(start..) else { continue };
        for word in words.iter().filter(|word| rest.starts_with(word.as_str())) {
            if let Some(end) = reached.get_mut(start + word.len()) {
                *end = true;
            }
        }
    }
    reached.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: About<'_> =
        About { email: "ana.ruiz@acme.example", name: "Ana Ruiz", tenant: ["Acme Incorporated", "acme"] };

    fn flaw(password: &str) -> Option<PasswordFlaw> {
        check(password, ABOUT).err()
    }

    #[test]
    fn length_is_counted_in_characters_and_nothing_is_asked_of_them() {
        assert_eq!(flaw("elevenchars"), Some(PasswordFlaw::TooShort));
        assert_eq!(flaw("ääääääääää"), Some(PasswordFlaw::TooShort));
        for good in
            ["correct horse", "    four words   ", "löwenzahnfeld", "日本語の長いパスワードです", "839205718264"]
        {
            assert_eq!(flaw(good), None, "{good}");
        }
        let long = "abcdefg ".repeat(32);
        assert_eq!(flaw(&format!("x{}", &long[1..])), None);
        assert_eq!(flaw(&format!("{long}x")), Some(PasswordFlaw::TooLong));
        assert_eq!(flaw("with\na line break"), Some(PasswordFlaw::Unusable));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_in_any_case_and_repeated() {
        for common in ["1qaz2wsx3edc", "1QAZ2wsx3edc", "1qaz2wsx3edc1qaz2wsx3edc"] {
            assert_eq!(flaw(common), Some(PasswordFlaw::Common), "{common}");
        }
        for repetitive in ["passwordpassword", "aaaaaaaaaaaa", "abcabcabcabc", "1234123412341234", "ÄäÄäÄäÄäÄäÄä"]
        {
            assert!(matches!(flaw(repetitive), Some(PasswordFlaw::Repetitive | PasswordFlaw::Common)), "{repetitive}");
        }
        assert!(COMMON.len() > 400 && COMMON.iter().all(|one| LENGTH.contains(&one.chars().count())));
        assert!(COMMON.iter().all(|one| fold(one) == *one), "they are compared as they stand");
    }

    #[test]
    fn what_the_account_gives_away_is_refused_with_what_is_put_around_it() {
        for known in [
            "ana.ruiz@acme.example",
            "Ana.Ruiz@ACME.example",
            "acmeacmeacme",
            "Acme-Acme-2026!",
            "anaruizanaruiz",
            "Acme Incorporated",
            "acme incorporated 1",
            "ruiz.ana.acme.2026",
            "example-acme-123",
        ] {
            assert_eq!(flaw(known), Some(PasswordFlaw::Known), "{known}");
        }
        for good in ["acme makes anvils", "ana likes acme", "banana ruiz acme"] {
            assert_eq!(flaw(good), None, "{good}");
        }
    }
}
