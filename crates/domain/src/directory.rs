//! A tenant's users and groups: what is stored, how it is shown to filters, and what must be unique.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock};

use scim_protocol::declaration::Declaration;
use scim_protocol::resource::Resource;
use scim_protocol::resource_type::ResourceType;
use scim_protocol::version::{ETag, Precondition};
use serde_json::{Map, Value, json};

use crate::Error;
use crate::ids::ResourceId;
use crate::tenant::DirectoryRules;
use crate::timestamp::Timestamp;

/// A resource type by its name; a name rather than a closed list, so that tenants can have types of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    pub const USER: Self = Self(Cow::Borrowed("User"));
    pub const GROUP: Self = Self(Cow::Borrowed("Group"));

    pub fn named(name: &str) -> Self {
        let known = [Self::USER, Self::GROUP].into_iter().find(|kind| kind.as_str() == name);
        known.unwrap_or_else(|| Self(Cow::Owned(name.to_owned())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The resource types of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceTypes {
    all: Vec<ResourceType>,
    /// How many declarations they were made from.
    declared: usize,
}

impl Default for ResourceTypes {
    fn default() -> Self {
        Self { all: vec![ResourceType::user(), ResourceType::group()], declared: 0 }
    }
}

impl ResourceTypes {
    /// Those of a tenant that has declared nothing.
    pub fn standard() -> Arc<Self> {
        static STANDARD: LazyLock<Arc<ResourceTypes>> = LazyLock::new(Arc::default);
        STANDARD.clone()
    }

    /// These and what is declared, one after another.
    ///
    /// # Errors
    /// [`Error::Invalid`] when a declaration cannot be or does not fit those before it.
    pub fn with(&self, declarations: impl IntoIterator<Item = Declaration>) -> Result<Self, Error> {
        declarations.into_iter().try_fold(self.clone(), |types, declaration| {
            Ok(Self { all: declaration.join(&types.all)?, declared: types.declared + 1 })
        })
    }

    /// As [`with`](Self::with), for what was accepted once: a declaration that does not fit any more, because what may be
    /// declared became less, is told and left out, and the tenant is served without it.
    #[must_use]
    pub fn with_those_that_fit(&self, declarations: impl IntoIterator<Item = Declaration>) -> Self {
        let mut types = self.clone();
        for declaration in declarations {
            let name = declaration.name().to_owned();
            match declaration.join(&types.all) {
                Ok(all) => types.all = all,
                Err(fault) => tracing::error!(declaration = name, error = %fault, "a declaration is left out"),
            }
            types.declared += 1;
        }
        types
    }

    pub fn declared(&self) -> usize {
        self.declared
    }

    pub fn all(&self) -> &[ResourceType] {
        &self.all
    }

    /// # Errors
    /// [`Error::NotFound`] when no such type is served.
    pub fn get(&self, kind: &Kind) -> Result<&ResourceType, Error> {
        let found = self.all.iter().find(|resource_type| resource_type.name == kind.as_str());
        found.ok_or_else(|| Error::NotFound(format!("resource type {kind}")))
    }

    /// The type whose endpoint is `/{segment}`.
    pub fn at_endpoint(&self, segment: &str) -> Option<&ResourceType> {
        self.all.iter().find(|resource_type| resource_type.endpoint.strip_prefix('/') == Some(segment))
    }
}

/// A resource as it is stored. Memberships are kept apart, see [`Related`].
#[derive(Clone, Debug, PartialEq)]
pub struct StoredResource {
    pub kind: Kind,
    pub id: ResourceId,
    pub resource: Resource,
    /// Counts changes of this resource from 1; for a group those of its members too.
    pub version: i64,
    pub created: Timestamp,
    pub modified: Timestamp,
}

impl StoredResource {
    pub fn etag(&self) -> ETag {
        ETag::version(self.version)
    }

    /// # Errors
    /// [`Error::VersionMismatch`] when the caller expected another version (RFC 7644 §3.14).
    pub fn require(&self, expected: Option<&Precondition>) -> Result<(), Error> {
        match expected {
            Some(expected) if !expected.allows_write(self.version) => Err(Error::VersionMismatch),
            _ => Ok(()),
        }
    }

    /// Whether a user may use the account: unless it is said that they may not (RFC 7643 §4.1.1).
    pub fn is_active(&self) -> bool {
        self.resource.attributes().get("active") != Some(&Value::Bool(false))
    }

    /// What may be an e-mail address of a user, with the attribute that holds it: the user name and the values of `emails`.
    pub fn named_addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let emails = self.resource.attributes().get("emails").and_then(Value::as_array).into_iter().flatten();
        let emails = emails.filter_map(|email| Some(("emails.value", email.get("value")?.as_str()?)));
        self.resource.text("userName").map(|name| ("userName", name)).into_iter().chain(emails)
    }

    /// As [`named_addresses`](Self::named_addresses), without the attributes.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.named_addresses().map(|(_, address)| address)
    }

    /// The whole document as a filter sees it: what the client wrote, what the server knows, and what is related.
    /// `meta.location` is missing, because it depends on where the question was asked.
    pub fn document(&self, resource_type: &ResourceType, related: &Related) -> Map<String, Value> {
        self.clone().into_document(resource_type, related)
    }

    fn into_document(self, resource_type: &ResourceType, related: &Related) -> Map<String, Value> {
        let tag = self.etag().to_string();
        let schemas = json!(self.resource.schemas(resource_type));
        let attributes = self.resource.into_attributes();
        let mut document = Map::with_capacity(attributes.len() + 4);
        document.insert("schemas".to_owned(), schemas);
        document.insert("id".to_owned(), Value::from(self.id.to_string()));
        document.extend(attributes);
        if let Some((name, elements)) = related.attribute() {
            document.insert(name.to_owned(), elements);
        }
        document.insert(
            "meta".to_owned(),
            json!({
                "resourceType": self.kind.as_str(),
                "created": self.created.to_string(),
                "lastModified": self.modified.to_string(),
                "version": tag,
            }),
        );
        document
    }
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub id: ResourceId,
    pub kind: Kind,
}

/// Somebody a request wants in a group or out of it, as things are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// None when nobody has this id, or only something that cannot be a member.
    pub kind: Option<Kind>,
    pub is_member: bool,
}

/// A group that somebody belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupRef {
    pub id: ResourceId,
    pub display: Option<String>,
    pub membership: Membership,
}

/// How somebody belongs to a group (RFC 7643 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    Direct,
    /// By way of other groups.
    Indirect,
}

impl Membership {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Indirect => "indirect",
        }
    }
}

/// What is kept beside a resource's document and shown in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Related {
    /// Not loaded, or this type has nothing related.
    #[default]
    None,
    /// A user's memberships: the direct ones first, each group once.
    Groups(Vec<GroupRef>),
    /// A group's members.
    Members(Vec<Member>),
}

impl Related {
    /// The attribute this stands for, unless it is empty.
    fn attribute(&self) -> Option<(&'static str, Value)> {
        let (name, elements): (_, Vec<Value>) = match self {
            Self::None => return None,
            Self::Groups(groups) => ("groups", groups.iter().map(GroupRef::element).collect()),
            Self::Members(members) => ("members", members.iter().map(Member::element).collect()),
        };
        (!elements.is_empty()).then_some((name, Value::Array(elements)))
    }
}

impl Member {
    /// As an element of `members`, without `$ref`. It has no `display`: RFC 7643 §8.7.1 declares none, and a name that
    /// changes without the group would make the group's ETag wrong.
    pub fn element(&self) -> Value {
        element(self.id, self.kind.as_str(), None)
    }
}

impl GroupRef {
    /// As an element of `groups`, without `$ref`.
    pub fn element(&self) -> Value {
        element(self.id, self.membership.as_str(), self.display.as_deref())
    }
}

fn element(id: ResourceId, kind: &str, display: Option<&str>) -> Value {
    let mut element = Map::new();
    element.insert("value".to_owned(), Value::from(id.to_string()));
    if let Some(display) = display {
        element.insert("display".to_owned(), Value::from(display));
    }
    element.insert("type".to_owned(), Value::from(kind));
    Value::Object(element)
}

/// A resource with what the caller asked to see beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub stored: StoredResource,
    pub related: Related,
}

impl View {
    /// The whole document, as [`StoredResource::document`] gives it.
    pub fn into_document(self, resource_type: &ResourceType) -> Map<String, Value> {
        self.stored.into_document(resource_type, &self.related)
    }
}

/// The attribute that no other resource of this kind may share in a tenant, and its value. userName always (RFC 7643
/// §4.1.1); a group's displayName where the tenant wants it.
pub fn unique_name<'r>(
    resource_type: &ResourceType,
    resource: &'r Resource,
    rules: DirectoryRules,
) -> Option<(String, &'r str)> {
    let group_name =
        || (resource_type.name == Kind::GROUP.as_str() && rules.unique_group_names).then(|| "displayName".to_owned());
    let name = resource_type.unique.clone().or_else(group_name)?;
    let value = resource.text(&name)?;
    Some((name, value))
}
