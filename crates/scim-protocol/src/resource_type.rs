//! What kind of resource there is: base schema, extensions, endpoint (RFC 7643 §6).

use crate::attribute::{Attribute, AttributeType, Mutability, Returned, Uniqueness};
use crate::path::AttrPath;
use crate::schema::{self, Schema};
use crate::schemas;

/// An extension schema of a resource type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    pub schema: Schema,
    pub required: bool,
}

/// A resource type; everything that reads or writes a resource asks it what an attribute name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    /// Also its id, and the value of `meta.resourceType`.
    pub name: String,
    /// Relative to the base URL, with a leading slash.
    pub endpoint: String,
    pub description: String,
    pub schema: Schema,
    pub extensions: Vec<Extension>,
    /// The multi-valued attribute whose elements are kept one by one beside the document, because it can grow without
    /// bound: `members` of a group.
    pub collection: Option<String>,
    /// The attribute whose value no two resources of a tenant may share under case folding: `userName`.
    pub unique: Option<String>,
}

/// An attribute found by a path, and where it lives.
#[derive(Clone, Copy, Debug)]
pub struct Located<'t> {
    /// The extension that declares it; none for core and common attributes.
    pub extension: Option<&'t Schema>,
    pub attribute: &'t Attribute,
    pub sub: Option<&'t Attribute>,
}

impl<'t> Located<'t> {
    /// The attribute whose value is meant: the sub-attribute when the path names one.
    pub fn leaf(&self) -> &'t Attribute {
        self.sub.unwrap_or(self.attribute)
    }

    /// The field this path stands for in a canonical document.
    pub fn field(&self) -> Field {
        Field {
            extension: self.extension.map(|schema| schema.id.clone()),
            name: self.attribute.name.clone(),
            sub: self.sub.map(|sub| sub.name.clone()),
            kind: self.leaf().kind,
            case_exact: self.leaf().case_exact,
        }
    }

    /// Whether a client may not write here (RFC 7643 §2.2).
    pub fn is_read_only(&self) -> bool {
        self.attribute.is_read_only() || self.leaf().is_read_only()
    }

    pub fn is_write_only(&self) -> bool {
        self.leaf().mutability == Mutability::WriteOnly
    }
}

/// A place in a canonical document and how its values compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub extension: Option<String>,
    pub name: String,
    pub sub: Option<String>,
    pub kind: AttributeType,
    pub case_exact: bool,
}

impl Field {
    /// The canonical path, such as `name.givenName`; extension attributes carry their URN.
    pub fn path(&self) -> String {
        let urn = self.extension.as_ref().map(|urn| format!("{urn}:")).unwrap_or_default();
        let sub = self.sub.as_ref().map(|sub| format!(".{sub}")).unwrap_or_default();
        format!("{urn}{}{sub}", self.name)
    }

    /// Whether this is the named core or common attribute (and its `value`, for a complex one).
    pub fn is_core(&self, name: &str, sub: Option<&str>) -> bool {
        self.extension.is_none() && self.name == name && self.sub.as_deref() == sub
    }
}

impl ResourceType {
    /// Users with the enterprise extension (RFC 7643 §4.1, §4.3).
    pub fn user() -> Self {
        Self {
            name: "User".to_owned(),
            endpoint: "/Users".to_owned(),
            description: "User Account".to_owned(),
            schema: schemas::user(),
            extensions: vec![Extension { schema: schemas::enterprise_user(), required: false }],
            collection: None,
            unique: Some("userName".to_owned()),
        }
    }

    /// Groups (RFC 7643 §4.2).
    pub fn group() -> Self {
        Self {
            name: "Group".to_owned(),
            endpoint: "/Groups".to_owned(),
            description: "Group".to_owned(),
            schema: schemas::group(),
            extensions: Vec::new(),
            collection: Some("members".to_owned()),
            unique: None,
        }
    }

    /// The base schema and the extensions.
    pub fn schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(&self.schema).chain(self.extensions.iter().map(|extension| &extension.schema))
    }

    /// Whether some attribute is returned on request alone.
    pub fn returns_on_request(&self) -> bool {
        let on_request = |attribute: &Attribute| attribute.returned == Returned::Request;
        let mut attributes = self.schemas().flat_map(|schema| &schema.attributes);
        attributes.any(|attribute| on_request(attribute) || attribute.sub_attributes.iter().any(on_request))
    }

    /// The attributes whose values no two resources of a tenant may share, beyond [`unique`](Self::unique).
    pub fn declared_unique(&self) -> impl Iterator<Item = Located<'_>> {
        let core = self.schema.attributes.iter().map(|attribute| (None, attribute));
        let extended =
            self.extensions.iter().flat_map(|it| it.schema.attributes.iter().map(|each| (Some(&it.schema), each)));
        core.chain(extended)
            .filter(|(_, attribute)| attribute.uniqueness != Uniqueness::None)
            .filter(|(extension, attribute)| extension.is_some() || self.unique.as_ref() != Some(&attribute.name))
            .map(|(extension, attribute)| Located { extension, attribute, sub: None })
    }

    /// The extension of that URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions.iter().map(|extension| &extension.schema).find(|schema| schema.is(urn))
    }

    /// A common or core attribute by name, in any case.
    pub fn core_attribute(&self, name: &str) -> Option<&Attribute> {
        crate::attribute::find(schema::common(), name).or_else(|| self.schema.attribute(name))
    }

    /// What a path means for this type. A name without a URN is looked for in the core first and then in the
    /// extensions, because Entra filters by plain `manager` (client-behaviour.md §4 h).
    pub fn locate<'t>(&'t self, path: &AttrPath) -> Option<Located<'t>> {
        let (extension, attribute) = match &path.urn {
            None => self.unqualified(&path.name)?,
            Some(urn) if self.schema.is(urn) => (None, self.core_attribute(&path.name)?),
            Some(urn) => {
                let schema = self.extension(urn)?;
                (Some(schema), schema.attribute(&path.name)?)
            }
        };
        let sub = match &path.sub {
            None => None,
            Some(name) => Some(attribute.sub(name)?),
        };
        Some(Located { extension, attribute, sub })
    }

    fn unqualified(&self, name: &str) -> Option<(Option<&Schema>, &Attribute)> {
        if let Some(attribute) = self.core_attribute(name) {
            return Some((None, attribute));
        }
        self.extensions.iter().find_map(|extension| {
            extension.schema.attribute(name).map(|attribute| (Some(&extension.schema), attribute))
        })
    }
}
