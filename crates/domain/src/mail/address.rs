//! Where a mail goes.

use std::fmt;
use std::str::FromStr;

use scim_protocol::value::fold;

/// RFC 5321 §4.5.3.1.3, without the angle brackets.
const LONGEST: usize = 254;
/// RFC 5321 §4.5.3.1.1.
const LONGEST_NAME: usize = 64;
/// RFC 1035 §2.3.4.
const LONGEST_LABEL: usize = 63;

/// An address of the form `name@host`, without a display name (RFC 5321 §4.1.2, without quotes and address literals). It
/// cannot carry a header of its own, nor a second address. Whether anybody reads what is sent there is found out by sending.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MailAddress(String);

impl MailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two addresses have in common that are the same account: they differ in case or in the form of their characters
    /// alone.
    pub fn key(&self) -> String {
        key(&self.0)
    }
}

/// [`MailAddress::key`] of what somebody typed, which may be no address.
pub fn key(text: &str) -> String {
    fold(text.trim()).into_owned()
}

impl FromStr for MailAddress {
    type Err = String;

    /// Spaces around an address are dropped.
    ///
    /// # Errors
    /// A sentence that quotes the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match is_mailbox(text) {
            true => Ok(Self(text.to_owned())),
            false if text.is_empty() => Err("an e-mail address looks like name@example.com".to_owned()),
            false => Err(format!("\"{}\" is no e-mail address; it looks like name@example.com", text.escape_debug())),
        }
    }
}

impl fmt::Display for MailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_mailbox(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_atom = |part: &str| !part.is_empty() && part.chars().all(is_atext);
    text.len() <= LONGEST
        && name.len() <= LONGEST_NAME
        && name.split('.').all(is_atom)
        && host.contains('.')
        && host.split('.').all(is_label)
}

/// RFC 5322 §3.2.3, and letters of other alphabets (RFC 6532 §3.2).
fn is_atext(each: char) -> bool {
    each.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(each)
}

fn is_label(label: &str) -> bool {
    let inner = |each: char| each.is_alphanumeric() || each == '-';
    (1..=LONGEST_LABEL).contains(&label.len())
        && label.chars().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_name_at_a_host_and_nothing_more() {
        for good in
            ["ana@acme.example", " Ana.Ruiz+x@sub.acme.example ", "o'neil@acme.example", "jürgen@bücher.example"]
        {
            assert_eq!(good.parse::<MailAddress>().unwrap().as_str(), good.trim());
        }
        let long_name = format!("{}@acme.example", "x".repeat(LONGEST_NAME + 1));
        let long_label = format!("ana@{}.example", "x".repeat(LONGEST_LABEL + 1));
        let long = format!("ana@{}example", "acme.".repeat(50));
        for bad in [
            "",
            "ana",
            "@acme.example",
            "ana@",
            "ana@acme",
            "ana@.example",
            "ana@acme..example",
            "ana@-a.example",
            "ana@a-.example",
            "a b@acme.example",
            "a@b@c.example",
            ".ana@acme.example",
            "ana..k@acme.example",
            "Ana <ana@acme.example>",
            "ana@acme.example,eve@evil.example",
            "ana@acme.example\nBcc: eve@evil.example",
            &long_name,
            &long_label,
            &long,
        ] {
            let refusal = bad.parse::<MailAddress>().unwrap_err();
            assert!(refusal.ends_with("looks like name@example.com") && !refusal.contains('\n'), "{bad}: {refusal}");
        }
    }

    #[test]
    fn one_account_has_one_key_however_its_address_is_typed() {
        let address: MailAddress = "ana@acme.EXAMPLE".parse().unwrap();
        assert_eq!(address.key(), key(" ANA@Acme.example"));
    }
}
