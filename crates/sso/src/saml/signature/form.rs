//! The one form of XML Signature that SAML allows (core §5.4): enveloped, one reference, to the element it stands in.

use crate::SamlFault;
use crate::saml::xml::Element;
use crate::saml::{algorithm, urn};

/// Checks that `signature`, which stands in `signed`, says so and says nothing else.
pub(super) fn check(signature: Element<'_>, signed: Element<'_>) -> Result<(), SamlFault> {
    let parts: Vec<Element<'_>> = signature.children().collect();
    let (info, value) = match parts.as_slice() {
        [info, value] => (*info, *value),
        [info, value, key] if key.is(urn::DSIG, "KeyInfo") => (*info, *value),
        _ => return bad("it does not consist of SignedInfo, SignatureValue and KeyInfo"),
    };
    if !info.is(urn::DSIG, "SignedInfo") || !value.is(urn::DSIG, "SignatureValue") {
        return bad("it does not consist of SignedInfo, SignatureValue and KeyInfo");
    }
    one_text(value, "SignatureValue is not plain text")?;

    let parts: Vec<Element<'_>> = info.children().collect();
    let [canonicalization, method, reference] = parts.as_slice() else {
        return bad("SignedInfo does not consist of two methods and one Reference");
    };
    if !canonicalization.is(urn::DSIG, "CanonicalizationMethod")
        || !method.is(urn::DSIG, "SignatureMethod")
        || !reference.is(urn::DSIG, "Reference")
    {
        return bad("SignedInfo does not consist of two methods and one Reference");
    }
    exclusive(*canonicalization)?;
    let used = method.attribute("Algorithm").unwrap_or_default();
    if !algorithm::SIGNATURES.contains(&used) {
        return Err(SamlFault::WeakAlgorithm { algorithm: crate::fault::quoted(used) });
    }
    if method.children().next().is_some() {
        return bad("SignatureMethod has parameters");
    }
    check_reference(*reference, signed)
}

fn check_reference(reference: Element<'_>, signed: Element<'_>) -> Result<(), SamlFault> {
    let id = own_id(signed)?;
    if reference.attribute("URI") != Some(&format!("#{id}")) {
        return bad("it does not refer to the element it stands in");
    }
    let parts: Vec<Element<'_>> = reference.children().collect();
    let [transforms, method, digest] = parts.as_slice() else {
        return bad("Reference does not consist of Transforms, DigestMethod and DigestValue");
    };
    if !transforms.is(urn::DSIG, "Transforms")
        || !method.is(urn::DSIG, "DigestMethod")
        || !digest.is(urn::DSIG, "DigestValue")
    {
        return bad("Reference does not consist of Transforms, DigestMethod and DigestValue");
    }
    let used = method.attribute("Algorithm").unwrap_or_default();
    if !algorithm::DIGESTS.contains(&used) {
        return Err(SamlFault::WeakAlgorithm { algorithm: crate::fault::quoted(used) });
    }
    one_text(*digest, "DigestValue is not plain text")?;

    let steps: Vec<Element<'_>> = transforms.children().collect();
    let [enveloped, canonical] = steps.as_slice() else {
        return bad("the transforms are not enveloped-signature and exclusive canonicalisation");
    };
    if !enveloped.is(urn::DSIG, "Transform")
        || enveloped.attribute("Algorithm") != Some(algorithm::ENVELOPED)
        || enveloped.children().next().is_some()
        || !canonical.is(urn::DSIG, "Transform")
    {
        return bad("the transforms are not enveloped-signature and exclusive canonicalisation");
    }
    exclusive(*canonical)
}

/// Exclusive canonicalisation, with at most a list of prefixes (exc-c14n §4).
fn exclusive(method: Element<'_>) -> Result<(), SamlFault> {
    if method.attribute("Algorithm") != Some(algorithm::EXCLUSIVE) {
        return bad("the canonicalisation is not the exclusive one without comments");
    }
    let mut parameters = method.children();
    match (parameters.next(), parameters.next()) {
        (None, None) => Ok(()),
        (Some(list), None) if list.is(urn::EXC_C14N, "InclusiveNamespaces") => Ok(()),
        _ => bad("the canonicalisation has unknown parameters"),
    }
}

/// The id of an element that is signed. Nothing else about it may look like an id to somebody.
fn own_id(signed: Element<'_>) -> Result<&str, SamlFault> {
    let ids = signed.attributes().iter().filter(|a| a.name.local_name.eq_ignore_ascii_case("id")).count();
    match signed.attribute("ID") {
        Some(id) if ids == 1 && is_plain(id) => Ok(id),
        _ => Err(SamlFault::SignatureForm { reason: "the signed element has no ID, several, or one that is no name" }),
    }
}

/// `xs:ID` of the characters that are in use, so that none is an `XPointer`.
fn is_plain(id: &str) -> bool {
    let first = |c: char| c.is_alphabetic() || c == '_';
    id.starts_with(first) && id.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// One piece of text, without comments or elements: a reader that takes the first piece and one that takes all must not
/// disagree.
fn one_text(element: Element<'_>, reason: &'static str) -> Result<(), SamlFault> {
    match (element.document.children_count(element.id), element.text()) {
        (1, Some(text)) if !text.is_empty() => Ok(()),
        _ => Err(SamlFault::SignatureForm { reason }),
    }
}

const fn bad(reason: &'static str) -> Result<(), SamlFault> {
    Err(SamlFault::SignatureForm { reason })
}
