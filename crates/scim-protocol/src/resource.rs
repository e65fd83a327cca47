//! A validated resource: canonical attribute names, values of the schema's types.

use serde_json::{Map, Value};

use crate::resource_type::ResourceType;

/// What a client wrote, checked and in canonical form. It holds neither what the server makes (`id`, `meta`, `schemas`,
/// `groups`) nor the elements of a [collection](ResourceType::collection).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Map<String, Value>,
}

impl Resource {
    /// Takes attributes that were validated before: those a store gives back, or those a patch was applied to.
    pub fn trusted(attributes: Map<String, Value>) -> Self {
        Self { attributes }
    }

    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    pub fn into_attributes(self) -> Map<String, Value> {
        self.attributes
    }

    /// A core attribute that is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    /// The URNs of the schemas in use: the base and every extension that holds something (RFC 7643 §3).
    pub fn schemas<'t>(&self, resource_type: &'t ResourceType) -> Vec<&'t str> {
        let extensions = resource_type.extensions.iter().map(|extension| extension.schema.id.as_str());
        std::iter::once(resource_type.schema.id.as_str())
            .chain(extensions.filter(|urn| self.attributes.contains_key(*urn)))
            .collect()
    }
}
