//! Reading XML strictly: no document types, bounded depth and size, and elements found by namespace.

use uppsala::{Document, NodeId, NodeKind, Parser, XmlError};

use crate::fault::quoted;
use crate::{SamlFault, XmlFault};

/// Messages of SAML are a dozen elements deep.
const DEEPEST: u32 = 32;

/// More attributes and namespaces than any element of SAML has. The parser compares each of an element's with each, so a
/// hundred thousand in one would take minutes.
const MOST_ATTRIBUTES: usize = 32;

/// The XML of `text`, which is at most `limit` bytes long.
pub(crate) fn parse(text: &str, limit: usize) -> Result<Document<'_>, XmlFault> {
    if text.len() > limit {
        return Err(XmlFault::TooLarge { limit });
    }
    few_attributes(text)?;
    Parser::new()
        .with_forbid_dtd(true)
        .with_forbid_entities(true)
        .with_max_depth(DEEPEST)
        .parse(text)
        .map_err(|error| explain(&error, text))
}

/// Counts the values in each tag before anything is parsed. A tag begins with `<`, which is in no value, and ends with the
/// first `>` outside of a value. Comments and CDATA sections, which begin with `<!`, have none.
fn few_attributes(text: &str) -> Result<(), XmlFault> {
    let (mut in_tag, mut quote, mut values) = (false, None, 0);
    for (at, byte) in text.bytes().enumerate() {
        match (byte, quote) {
            (b'<', _) => (in_tag, quote, values) = (text.as_bytes().get(at + 1) != Some(&b'!'), None, 0),
            (b'>', None) => in_tag = false,
            (b'"' | b'\'', None) if in_tag => {
                (quote, values) = (Some(byte), values + 1);
                if values > MOST_ATTRIBUTES {
                    let line = 1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count();
                    return Err(XmlFault::TooManyAttributes { line, limit: MOST_ATTRIBUTES });
                }
            }
            (_, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    Ok(())
}

fn explain(error: &XmlError, text: &str) -> XmlFault {
    let (line, column, reason) = match error {
        XmlError::Parse(error) => (error.line, error.column, error.message.as_str()),
        XmlError::WellFormedness(error) => (error.line, error.column, error.message.as_str()),
        XmlError::Namespace(error) => (error.line, error.column, error.message.as_str()),
        _ => (text.lines().count(), text.lines().last().map_or(0, str::len), "unexpected end"),
    };
    // The parser names the place, by lines and bytes, and not the kind; a declaration that is one stops it right there.
    let here = text.lines().nth(line.saturating_sub(1)).and_then(|here| here.get(column.saturating_sub(1)..));
    match here.is_some_and(|here| here.starts_with("<!DOCTYPE")) {
        true => XmlFault::Dtd,
        false => XmlFault::Malformed { line, column, reason: quoted(reason) },
    }
}

/// An element in its document.
#[derive(Clone, Copy)]
pub(crate) struct Element<'d> {
    pub(crate) document: &'d Document<'d>,
    pub(crate) id: NodeId,
}

impl<'d> Element<'d> {
    /// The outermost element.
    pub(crate) fn root(document: &'d Document<'d>) -> Result<Self, XmlFault> {
        document.document_element().map(|id| Self { document, id }).ok_or_else(|| XmlFault::Malformed {
            line: 1,
            column: 1,
            reason: "no element".to_owned(),
        })
    }

    fn element(&self) -> Option<&'d uppsala::Element<'d>> {
        self.document.element(self.id)
    }

    /// The name without its prefix.
    pub(crate) fn local_name(&self) -> &'d str {
        self.element().map_or("", |element| &element.name.local_name)
    }

    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.element().is_some_and(|element| element.name.matches(Some(namespace), name))
    }

    pub(crate) fn attributes(&self) -> &'d [uppsala::Attribute<'d>] {
        self.element().map_or(&[], |element| &element.attributes)
    }

    /// The attribute of that name in no namespace. `other:ID` is not `ID`.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'d str> {
        self.attributes()
            .iter()
            .find(|attribute| attribute.name.namespace_uri.is_none() && attribute.name.local_name == name)
            .map(|attribute| &*attribute.value)
    }

    pub(crate) fn required_attribute(&self, name: &'static str) -> Result<&'d str, SamlFault> {
        self.attribute(name).ok_or(SamlFault::Missing { what: name })
    }

    /// The elements directly in this one, in order.
    pub(crate) fn children(&self) -> impl Iterator<Item = Self> + use<'d> {
        let document = self.document;
        document
            .children_iter(self.id)
            .filter(move |id| document.element(*id).is_some())
            .map(move |id| Self { document, id })
    }

    /// The elements of that name directly in this one.
    pub(crate) fn all(&self, namespace: &'static str, name: &'static str) -> impl Iterator<Item = Self> + use<'d> {
        self.children().filter(move |child| child.is(namespace, name))
    }

    /// The one element of that name directly in this one, if there is any. Two are a fault: others might read the other.
    pub(crate) fn child(&self, namespace: &'static str, name: &'static str) -> Result<Option<Self>, SamlFault> {
        let mut found = self.all(namespace, name);
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            (_, Some(_)) => Err(SamlFault::Repeated { what: name }),
        }
    }

    pub(crate) fn required(&self, namespace: &'static str, name: &'static str) -> Result<Self, SamlFault> {
        self.child(namespace, name)?.ok_or(SamlFault::Missing { what: name })
    }

    /// This element and all in it, in document order.
    pub(crate) fn descendants(&self) -> impl Iterator<Item = Self> + use<'d> {
        let document = self.document;
        std::iter::once(self.id)
            .chain(document.descendants(self.id))
            .filter(move |id| document.element(*id).is_some())
            .map(move |id| Self { document, id })
    }

    pub(crate) fn parent(&self) -> Option<NodeId> {
        self.document.parent(self.id)
    }

    /// The text of an element that has nothing but text, without the space around it. Otherwise none.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        for child in self.document.children_iter(self.id) {
            match self.document.node_kind(child) {
                Some(NodeKind::Text(part) | NodeKind::CData(part)) => text.push_str(part),
                _ => return None,
            }
        }
        Some(text.trim_matches(SPACE).to_owned())
    }

    /// The same, where something has to be there.
    pub(crate) fn required_text(&self, what: &'static str) -> Result<String, SamlFault> {
        self.text().filter(|text| !text.is_empty()).ok_or(SamlFault::Missing { what })
    }
}

/// What XML calls white space (XML 1.0 §2.3).
pub(crate) const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

/// Base64 as XML holds it: with white space anywhere (XML Schema Datatypes §3.2.16).
pub(crate) fn without_space(text: &str) -> String {
    text.chars().filter(|c| !SPACE.contains(c)).collect()
}
