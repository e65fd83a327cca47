//! What an assertion says about a person (core §2.7.3).

use crate::SamlFault;
use crate::saml::urn;
use crate::saml::xml::{Element, SPACE};

/// One attribute with its values in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    pub friendly_name: Option<String>,
    pub values: Vec<String>,
}

/// All attributes in the order in which they came. A name that comes twice is one attribute with the values of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes(Vec<Attribute>);

impl Attributes {
    pub(super) fn read(assertion: Element<'_>) -> Result<Self, SamlFault> {
        let mut attributes = Self::default();
        for statement in assertion.all(urn::ASSERTION, "AttributeStatement") {
            if statement.child(urn::ASSERTION, "EncryptedAttribute")?.is_some() {
                return Err(SamlFault::invalid("an attribute", "encrypted by itself"));
            }
            for attribute in statement.all(urn::ASSERTION, "Attribute") {
                let name = attribute.required_attribute("Name")?;
                attributes.add(name, attribute.attribute("FriendlyName"), values(attribute));
            }
        }
        Ok(attributes)
    }

    fn add(&mut self, name: &str, friendly_name: Option<&str>, values: Vec<String>) {
        match self.0.iter_mut().find(|attribute| attribute.name == name) {
            Some(known) => known.values.extend(values),
            None => self.0.push(Attribute {
                name: name.to_owned(),
                friendly_name: friendly_name.map(ToOwned::to_owned),
                values,
            }),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Attribute> {
        self.0.iter()
    }

    /// All values of the attribute `name`, which is compared exactly; none when there is no such attribute.
    pub fn values(&self, name: &str) -> &[String] {
        self.0.iter().find(|attribute| attribute.name == name).map_or(&[], |attribute| &attribute.values)
    }

    /// The value of an attribute that has exactly one. Of several none is *the* one.
    pub fn single(&self, name: &str) -> Option<&str> {
        match self.values(name) {
            [value] => Some(value),
            _ => None,
        }
    }
}

/// A value may be an element (`eduPersonTargetedID` holds a `NameID`); then the text in it is the value.
fn values(attribute: Element<'_>) -> Vec<String> {
    attribute
        .all(urn::ASSERTION, "AttributeValue")
        .map(|value| value.document.text_content_deep(value.id).trim_matches(SPACE).to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}
