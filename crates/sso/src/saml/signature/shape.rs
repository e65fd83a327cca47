//! What a response has to look like before any signature in it is worth verifying.
//!
//! Attacks by wrapping ("XSW") move a signed assertion aside and put a forged one where it is read. They end here: there
//! is one place for an assertion and two for signatures, whatever namespaces pretend to be something else.

use uppsala::{Document, NodeKind};

use super::form;
use crate::SamlFault;
use crate::fault::quoted;
use crate::saml::urn;
use crate::saml::xml::Element;

/// What was found where it belongs.
pub(super) struct Shape<'d> {
    pub(super) response: Element<'d>,
    pub(super) content: Content<'d>,
    pub(super) response_signature: Option<Element<'d>>,
}

/// The one assertion, or what it is encrypted in.
pub(super) enum Content<'d> {
    Assertion { assertion: Element<'d>, signature: Option<Element<'d>> },
    Encrypted(Element<'d>),
}

impl<'d> Shape<'d> {
    /// Checks the whole tree.
    pub(super) fn of(document: &'d Document<'d>) -> Result<Self, SamlFault> {
        let response = Element::root(document)?;
        if !response.is(urn::PROTOCOL, "Response") {
            return Err(SamlFault::WrongMessage { found: quoted(response.local_name()), expected: "Response" });
        }
        no_instructions(document)?;
        let content = content(response)?;
        let signatures: Vec<Element<'d>> = response.descendants().filter(|e| e.local_name() == "Signature").collect();
        let (mut response_signature, mut assertion_signature) = (None, None);
        for signature in signatures {
            let place = match (&content, signature.parent()) {
                (_, Some(parent)) if parent == response.id => &mut response_signature,
                (Content::Assertion { assertion, .. }, Some(parent)) if parent == assertion.id => {
                    &mut assertion_signature
                }
                _ => return Err(SamlFault::MisplacedSignature),
            };
            if !signature.is(urn::DSIG, "Signature") || place.replace(signature).is_some() {
                return Err(SamlFault::MisplacedSignature);
            }
        }
        if let Some(signature) = response_signature {
            form::check(signature, response)?;
        }
        let content = match content {
            Content::Assertion { assertion, .. } => {
                no_comments(assertion)?;
                if let Some(signature) = assertion_signature {
                    form::check(signature, assertion)?;
                }
                Content::Assertion { assertion, signature: assertion_signature }
            }
            encrypted @ Content::Encrypted(_) => encrypted,
        };
        Ok(Self { response, content, response_signature })
    }
}

fn content(response: Element<'_>) -> Result<Content<'_>, SamlFault> {
    let (mut found, mut responses) = (Vec::new(), 0);
    for element in response.descendants() {
        match element.local_name() {
            "Assertion" | "EncryptedAssertion" => found.push(element),
            "Response" => responses += 1,
            _ => {}
        }
    }
    let &[one] = found.as_slice() else {
        return Err(match found.len() {
            0 => SamlFault::NoAssertion,
            count => SamlFault::SeveralAssertions { count },
        });
    };
    if responses > 1 {
        return Err(SamlFault::SeveralAssertions { count: responses });
    }
    if one.parent() != Some(response.id) {
        return Err(SamlFault::MisplacedAssertion);
    }
    if one.is(urn::ASSERTION, "Assertion") {
        return Ok(Content::Assertion { assertion: one, signature: None });
    }
    match one.is(urn::ASSERTION, "EncryptedAssertion") {
        true => Ok(Content::Encrypted(one)),
        false => Err(SamlFault::MisplacedAssertion),
    }
}

/// Nothing in SAML needs a processing instruction, and parsers disagree about what surrounds one.
fn no_instructions(document: &Document<'_>) -> Result<(), SamlFault> {
    let instruction = document
        .descendants(document.root())
        .into_iter()
        .any(|id| matches!(document.node_kind(id), Some(NodeKind::ProcessingInstruction(_))));
    match instruction {
        true => Err(SamlFault::ProcessingInstruction),
        false => Ok(()),
    }
}

/// A comment is not signed and may split a name in two; to refuse it is simpler to explain than which half counts.
fn no_comments(assertion: Element<'_>) -> Result<(), SamlFault> {
    let document = assertion.document;
    let comment = document
        .descendants(assertion.id)
        .into_iter()
        .any(|id| matches!(document.node_kind(id), Some(NodeKind::Comment(_))));
    match comment {
        true => Err(SamlFault::CommentInAssertion),
        false => Ok(()),
    }
}
