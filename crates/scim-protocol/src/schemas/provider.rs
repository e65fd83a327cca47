//! RFC 7643 §5–§7 and §8.7.2, RFC 9865 §4: what the service provider says of itself, as schemas.

use crate::attribute::{Attribute, Mutability};
use crate::schema::Schema;
use crate::urn;

fn schema_of(id: &str, name: &str, description: &str, attributes: Vec<Attribute>) -> Schema {
    let attributes = attributes.into_iter().map(read_only).collect();
    Schema { id: id.to_owned(), name: name.to_owned(), description: description.to_owned(), attributes }
}

/// Nobody writes what the provider says, in whatever depth it stands.
fn read_only(mut attribute: Attribute) -> Attribute {
    attribute.sub_attributes = attribute.sub_attributes.into_iter().map(read_only).collect();
    attribute.mutability(Mutability::ReadOnly)
}

fn supported(what: &str) -> Attribute {
    Attribute::boolean("supported", what).required()
}

fn feature(name: &str, what: &str) -> Attribute {
    Attribute::complex(name, what, vec![supported("Whether it is there.")]).required()
}

/// The schema of `/ServiceProviderConfig`.
pub fn service_provider_config() -> Schema {
    let scheme = vec![
        Attribute::string("type", "The kind of scheme.").required().values(&[
            "oauth",
            "oauth2",
            "oauthbearertoken",
            "httpbasic",
            "httpdigest",
        ]),
        Attribute::string("name", "What it is called.").required(),
        Attribute::string("description", "How to use it.").required(),
        Attribute::reference("specUri", &["external"], "Where it is specified."),
        Attribute::reference("documentationUri", &["external"], "Where it is explained."),
        Attribute::boolean("primary", "Whether it is the preferred one."),
    ];
    let bulk = vec![
        supported("Whether it is there."),
        Attribute::integer("maxOperations", "Operations of one request at most.").required(),
        Attribute::integer("maxPayloadSize", "Bytes of one request at most.").required(),
    ];
    let filter = vec![
        supported("Whether it is there."),
        Attribute::integer("maxResults", "Resources of one answer at most.").required(),
    ];
    let pagination = vec![
        Attribute::boolean("cursor", "Whether pages begin at cursors.").required(),
        Attribute::boolean("index", "Whether pages begin at numbers.").required(),
        Attribute::string("defaultPaginationMethod", "What is done when nothing is asked for.")
            .values(&["cursor", "index"]),
        Attribute::integer("defaultPageSize", "Resources of a page when no number is asked for."),
        Attribute::integer("maxPageSize", "Resources of a page at most."),
        Attribute::integer("cursorTimeout", "Seconds for which a cursor is good."),
    ];
    schema_of(
        urn::SERVICE_PROVIDER_CONFIG,
        "ServiceProviderConfig",
        "What this service provider can do.",
        vec![
            Attribute::reference("documentationUri", &["external"], "Where people read about it."),
            feature("patch", "Changing parts of a resource."),
            Attribute::complex("bulk", "Several operations in one request.", bulk).required(),
            Attribute::complex("filter", "Searching by conditions.", filter).required(),
            feature("changePassword", "Changing one's own password."),
            feature("sort", "Sorting lists."),
            feature("etag", "Versions of resources."),
            Attribute::complex("pagination", "How lists are cut into pages.", pagination),
            Attribute::complex("authenticationSchemes", "How clients show who they are.", scheme).multi().required(),
        ],
    )
}

/// The schema of `/ResourceTypes`.
pub fn resource_type() -> Schema {
    let extension = vec![
        Attribute::reference("schema", &["uri"], "The URN of the extension.").required(),
        Attribute::boolean("required", "Whether every resource of the type has it.").required(),
    ];
    schema_of(
        urn::RESOURCE_TYPE,
        "ResourceType",
        "A kind of resource and where it is found.",
        vec![
            Attribute::string("name", "The type's name.").required(),
            Attribute::string("description", "What it is for people."),
            Attribute::reference("endpoint", &["uri"], "Its address below the base URL.").required(),
            Attribute::reference("schema", &["uri"], "The URN of its base schema.").required(),
            Attribute::complex("schemaExtensions", "Its extensions.", extension).multi(),
        ],
    )
}

/// The schema of `/Schemas`.
pub fn schema() -> Schema {
    let mut attributes = attribute_of_attributes();
    attributes.push(
        Attribute::complex("subAttributes", "The parts of a complex attribute.", attribute_of_attributes()).multi(),
    );
    schema_of(
        urn::SCHEMA,
        "Schema",
        "The attributes that resources may have.",
        vec![
            Attribute::string("name", "The schema's name.").required(),
            Attribute::string("description", "What it is for people."),
            Attribute::complex("attributes", "Its attributes.", attributes).multi().required(),
        ],
    )
}

fn attribute_of_attributes() -> Vec<Attribute> {
    let kinds = ["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"];
    vec![
        Attribute::string("name", "The attribute's name.").required().case_exact(),
        Attribute::string("type", "The type of its values.").required().values(&kinds),
        Attribute::boolean("multiValued", "Whether it has several values.").required(),
        Attribute::string("description", "What it is for people."),
        Attribute::boolean("required", "Whether a resource has to have it."),
        Attribute::string("canonicalValues", "Values that are suggested.").multi().case_exact(),
        Attribute::boolean("caseExact", "Whether case makes a difference."),
        Attribute::string("mutability", "Who may write it.").case_exact().values(&[
            "readOnly",
            "readWrite",
            "immutable",
            "writeOnly",
        ]),
        Attribute::string("returned", "When it is in answers.")
            .case_exact()
            .values(&["always", "never", "default", "request"]),
        Attribute::string("uniqueness", "Whether others may have the same value.")
            .case_exact()
            .values(&["none", "server", "global"]),
        Attribute::string("referenceTypes", "What a reference points to.").multi().case_exact(),
    ]
}
