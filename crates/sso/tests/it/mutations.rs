//! Whatever is changed in a valid response: it is refused, or says exactly what it said before.

use proptest::prelude::*;
use sso::saml::response::VerifiedAssertion;

use super::support::{check, fixture};

const ORIGINALS: [&str; 9] = [
    "signxml/assertion",
    "signxml/response",
    "signxml/both",
    "pysaml2/assertion",
    "pysaml2/both",
    "samlp/assertion",
    "samlp/both",
    "samlp/encrypted",
    "pysaml2/encrypted-response",
];

/// What a sign-in depends on. Which of two signatures is left may change; what is signed may not.
fn said(verified: VerifiedAssertion) -> VerifiedAssertion {
    VerifiedAssertion { signed: sso::saml::signature::Signed::Both, ..verified }
}

fn original() -> impl Strategy<Value = (String, VerifiedAssertion)> {
    prop::sample::select(&ORIGINALS[..]).prop_map(|name| {
        let xml = fixture(&format!("{name}.xml"));
        let verified = check(&xml).unwrap();
        (xml, verified)
    })
}

fn holds(xml: &str, genuine: VerifiedAssertion) -> Result<(), TestCaseError> {
    if let Ok(verified) = check(xml) {
        prop_assert_eq!(said(verified), said(genuine));
    }
    Ok(())
}

/// The places of a tag that is complete in itself or opens an element, and where that element ends.
fn elements(xml: &str) -> Vec<(usize, usize)> {
    let (mut open, mut found, mut at) = (Vec::new(), Vec::new(), 0);
    while let Some(start) = xml[at..].find('<').map(|n| at + n) {
        let end = start + xml[start..].find('>').unwrap() + 1;
        match &xml[start..end] {
            tag if tag.starts_with("</") => found.push((open.pop().unwrap(), end)),
            tag if tag.starts_with("<?") || tag.starts_with("<!") => {}
            tag if tag.ends_with("/>") => found.push((start, end)),
            _ => open.push(start),
        }
        at = end;
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_character_is_changed(
        (xml, genuine) in original(), place in any::<prop::sample::Index>(),
        new in prop_oneof![any::<char>(), prop::sample::select(vec!['<', '>', '&', '"', '/', ' ', '\n', '#', 'A', '='])],
    ) {
        let at = place.index(xml.chars().count());
        let changed: String = xml.chars().enumerate().map(|(n, old)| if n == at { new } else { old }).collect();
        holds(&changed, genuine)?;
    }

    #[test]
    fn characters_are_removed_or_come_in(
        (xml, genuine) in original(), place in any::<prop::sample::Index>(), length in 0_usize..40,
        new in "(<!--[a-z]*-->|<[a-zA-Z]+/>|&#[0-9]{2,3};|[a-z ]{1,5}|<!\\[CDATA\\[x\\]\\]>)?",
    ) {
        let characters: Vec<char> = xml.chars().collect();
        let at = place.index(characters.len());
        let rest = characters.iter().skip(at + length);
        let changed: String = characters.iter().take(at).copied().chain(new.chars()).chain(rest.copied()).collect();
        holds(&changed, genuine)?;
    }

    #[test]
    fn an_element_is_removed_doubled_moved_or_swapped(
        (xml, genuine) in original(), one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), kind in 0..5,
    ) {
        let all = elements(&xml);
        let ((start, end), (_, place)) = (all[one.index(all.len())], all[other.index(all.len())]);
        let element = &xml[start..end];
        let changed = match kind {
            0 => format!("{}{}", &xml[..start], &xml[end..]),
            1 => format!("{}{element}{}", &xml[..end], &xml[end..]),
            2 if place <= start => format!("{}{element}{}{}", &xml[..place], &xml[place..start], &xml[end..]),
            2 if place >= end => format!("{}{}{element}{}", &xml[..start], &xml[end..place], &xml[place..]),
            3 => format!("{}{element}{}", &xml[..place], &xml[place..]),
            _ => format!("{}<x>{element}</x>{}", &xml[..start], &xml[end..]),
        };
        holds(&changed, genuine)?;
    }

    #[test]
    fn an_element_of_one_response_comes_into_another(
        (xml, genuine) in original(), from in prop::sample::select(&ORIGINALS[..]),
        one in any::<prop::sample::Index>(), other in any::<prop::sample::Index>(), replace in any::<bool>(),
    ) {
        let donor = fixture(&format!("{from}.xml"));
        let (all, theirs) = (elements(&xml), elements(&donor));
        let ((start, end), (from, to)) = (all[one.index(all.len())], theirs[other.index(theirs.len())]);
        let changed = format!("{}{}{}", &xml[..if replace { start } else { end }], &donor[from..to], &xml[end..]);
        if let Ok(verified) = check(&changed) {
            let known = ORIGINALS.iter().any(|name| said(check(&fixture(&format!("{name}.xml"))).unwrap()) == said(verified.clone()));
            prop_assert!(known || said(verified) == said(genuine));
        }
    }

    #[test]
    fn anything_at_all_is_read_without_harm(text in "\\PC{0,200}") {
        prop_assert!(check(&text).is_err());
    }
}

#[test]
fn the_places_of_elements_are_found() {
    assert_eq!(elements("<a><b/><c>x</c></a>"), [(3, 7), (7, 15), (0, 19)]);
}
