//! The name of a domain that a company's e-mail addresses end with.

use core::net::IpAddr;
use std::fmt;
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// RFC 1035 §2.3.4, without the label below which the record stands (see [`DomainName::record`]).
const LONGEST: usize = 253 - RECORD.len() - 1;

/// The label below which a tenant publishes what shows that a domain is its own. An underscore keeps it apart from hosts
/// (RFC 8552).
const RECORD: &str = "_rollcall-challenge";

/// Where anybody gets a mailbox, so that the domain is no company's.
const PUBLIC: [&str; 60] = [
    "126.com",
    "163.com",
    "aol.com",
    "att.net",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "duck.com",
    "email.com",
    "fastmail.com",
    "fastmail.fm",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "googlemail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hushmail.com",
    "icloud.com",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "rocketmail.com",
    "seznam.cz",
    "t-online.de",
    "tuta.com",
    "tutanota.com",
    "verizon.net",
    "web.de",
    "wp.pl",
    "yahoo.com",
    "yandex.com",
    "yandex.ru",
    "ymail.com",
    "zohomail.com",
];

/// Providers that have the same name in many countries, such as `yahoo.co.jp`.
const PUBLIC_EVERYWHERE: [&str; 5] = ["gmx.", "hotmail.", "live.", "outlook.", "yahoo."];

/// Names below these belong to Microsoft, which lets nobody add records to them.
const MICROSOFTS: &str = ".onmicrosoft.com";

/// A domain as it stands in the domain name system: in small letters, those of other alphabets encoded (RFC 5891).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DomainName(String);

impl DomainName {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people write it: letters of other alphabets as they are.
    pub fn shown(&self) -> String {
        idna::domain_to_unicode(&self.0).0
    }

    /// The name of the TXT record that shows whose the domain is.
    pub fn record(&self) -> String {
        format!("{RECORD}.{}", self.0)
    }

    /// A name that was read from what somebody typed before; none when it cannot be one.
    pub fn stored(name: &str) -> Option<Self> {
        ascii(name).filter(|ascii| ascii == name).map(Self)
    }

    /// The domain of an e-mail address; none when the text is no e-mail address. What cannot be a domain is given as it
    /// stands there, in small letters: it is not that of anybody.
    pub fn of_address(address: &str) -> Option<Self> {
        let (_, domain) = address.trim().rsplit_once('@')?;
        let plain = || domain.to_lowercase().chars().filter(|each| !each.is_control()).take(LONGEST).collect();
        Some(Self(ascii(domain).unwrap_or_else(plain)))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = String;

    /// Reads what people type: spaces around it, an `@` before it and a full stop behind it are dropped.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let bare = text.strip_prefix('@').unwrap_or(text);
        let bare = bare.strip_suffix('.').unwrap_or(bare);
        let quoted: String = text.chars().take(80).collect();
        let quoted = quoted.escape_debug();
        if bare.is_empty() {
            return Err("a domain looks like example.com".to_owned());
        }
        if bare.contains('@') {
            return Err(format!("\"{quoted}\" is an address; enter what stands behind the @"));
        }
        if bare.contains('*') {
            return Err(format!("\"{quoted}\" stands for many domains; enter each one of them, such as example.com"));
        }
        if bare.parse::<IpAddr>().is_ok() || bare.starts_with('[') {
            return Err(format!("\"{quoted}\" is the address of a machine; enter a domain such as example.com"));
        }
        let name = ascii(bare).ok_or_else(|| format!("\"{quoted}\" is no domain; it looks like example.com"))?;
        if name.len() > LONGEST {
            return Err(format!("the domain is longer than {LONGEST} characters"));
        }
        let Some((_, last)) = name.rsplit_once('.') else {
            return Err(format!("\"{quoted}\" is only a part of a domain; it looks like example.com"));
        };
        if last.bytes().all(|each| each.is_ascii_digit()) {
            return Err(format!("\"{quoted}\" is the address of a machine; enter a domain such as example.com"));
        }
        if is_public(&name) {
            return Err(format!(
                "{name} is for everybody's mailboxes and no company's own; enter the domain of your company"
            ));
        }
        if name.ends_with(MICROSOFTS) || name == MICROSOFTS.trim_start_matches('.') {
            return Err(format!(
                "{name} is looked after by Microsoft, and no record can be added there; enter a domain of your own"
            ));
        }
        Ok(Self(name))
    }
}

/// A name as the domain name system has it; none when it cannot be one.
fn ascii(text: &str) -> Option<String> {
    let ascii = Uts46::new().to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    ascii.ok().map(std::borrow::Cow::into_owned)
}

fn is_public(name: &str) -> bool {
    let everywhere = |provider: &str| {
        let country = name.strip_prefix(provider);
        country.is_some_and(|country| country.split('.').count() <= 2 && country.split('.').all(|part| part.len() <= 3))
    };
    PUBLIC.contains(&name) || PUBLIC_EVERYWHERE.into_iter().any(everywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_as_people_type_it() {
        for (typed, name) in [
            ("contoso.com", "contoso.com"),
            (" @Contoso.COM ", "contoso.com"),
            ("contoso.com.", "contoso.com"),
            ("mail.contoso.co.uk", "mail.contoso.co.uk"),
            ("münchen.example", "xn--mnchen-3ya.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("4you.example", "4you.example"),
            ("a--b.example", "a--b.example"),
            ("yahoo.contoso.com", "yahoo.contoso.com"),
            ("gmx.contoso.example", "gmx.contoso.example"),
        ] {
            assert_eq!(typed.parse::<DomainName>().map(|name| name.to_string()), Ok(name.to_owned()), "{typed}");
        }
        assert_eq!("münchen.example".parse::<DomainName>().unwrap().shown(), "münchen.example");
    }

    #[test]
    fn what_is_no_domain_of_a_company_is_refused_with_a_reason() {
        let label = format!("{}.example", "x".repeat(64));
        let long = format!("{}example", "contoso.".repeat(29));
        for (typed, reason) in [
            ("", "looks like"),
            ("@", "looks like"),
            (".", "looks like"),
            ("com", "only a part"),
            ("localhost", "only a part"),
            ("ana@contoso.com", "behind the @"),
            ("*.contoso.com", "stands for many"),
            ("192.0.2.1", "address of a machine"),
            ("2001:db8::1", "address of a machine"),
            ("[192.0.2.1]", "address of a machine"),
            ("192.0.2.300", "address of a machine"),
            ("https://contoso.com", "is no domain"),
            ("contoso.com/path", "is no domain"),
            ("contoso..com", "is no domain"),
            ("-contoso.com", "is no domain"),
            ("contoso-.com", "is no domain"),
            ("con toso.com", "is no domain"),
            ("_dmarc.contoso.com", "is no domain"),
            ("contoso.com\nevil.example", "is no domain"),
            ("xn--zzzzzz.example", "is no domain"),
            (&label, "is no domain"),
            (&long, "longer than"),
            ("gmail.com", "everybody's mailboxes"),
            ("GoogleMail.com", "everybody's mailboxes"),
            ("yahoo.co.jp", "everybody's mailboxes"),
            ("gmx.de", "everybody's mailboxes"),
            ("contoso.onmicrosoft.com", "looked after by Microsoft"),
            ("onmicrosoft.com", "looked after by Microsoft"),
        ] {
            let refusal = typed.parse::<DomainName>().expect_err(typed);
            assert!(refusal.contains(reason), "{typed}: {refusal}");
            assert!(!refusal.contains('\n'), "{refusal:?}");
        }
    }

    #[test]
    fn the_longest_domain_has_room_for_its_record() {
        let longest = format!("{}.com", "contoso.".repeat(28) + &"x".repeat(LONGEST - 28 * 8 - 4));
        let name: DomainName = longest.parse().unwrap();
        assert_eq!((name.as_str().len(), name.record().len()), (LONGEST, 253));
        assert!(format!("x{longest}").parse::<DomainName>().is_err());
        assert_eq!("contoso.com".parse::<DomainName>().unwrap().record(), "_rollcall-challenge.contoso.com");
    }

    #[test]
    fn an_address_has_the_domain_behind_its_last_at() {
        let of = |address: &str| DomainName::of_address(address).map(|name| name.to_string());
        for (address, domain) in [
            ("ana@contoso.com", Some("contoso.com")),
            (" Ana@CONTOSO.com ", Some("contoso.com")),
            ("\"a@b\"@contoso.com", Some("contoso.com")),
            ("ana@münchen.example", Some("xn--mnchen-3ya.example")),
            ("ana@contoso.com.", Some("contoso.com.")),
            ("ana@", Some("")),
            ("ana@[192.0.2.1]", Some("[192.0.2.1]")),
            ("ana@A\u{7}\nB", Some("ab")),
            ("ana", None),
            ("", None),
        ] {
            assert_eq!(of(address).as_deref(), domain, "{address}");
        }
    }

    #[test]
    fn the_list_of_public_providers_is_of_names_that_a_domain_can_have() {
        for name in PUBLIC {
            assert_eq!(ascii(name).as_deref(), Some(name));
        }
    }
}
