//! RFC 7643 §4.1 and §8.7.1.

use super::plural;
use crate::attribute::{Attribute, AttributeType, Mutability, Returned};
use crate::schema::Schema;
use crate::urn;

/// The core User schema with every attribute of RFC 7643 §4.1.
pub fn user() -> Schema {
    let mut attributes = singular();
    attributes.extend(multi_valued());
    Schema { id: urn::USER.to_owned(), name: "User".to_owned(), description: "User Account".to_owned(), attributes }
}

/// RFC 7643 §4.1.1.
fn singular() -> Vec<Attribute> {
    vec![
        Attribute::string("userName", "The name the person signs in with; unique in the tenant, whatever its case.")
            .required()
            .unique(),
        Attribute::complex("name", "The parts of the person's name.", name()),
        Attribute::string("displayName", "The name shown to others."),
        Attribute::string("nickName", "A casual name."),
        Attribute::reference("profileUrl", &["external"], "A page about the person."),
        Attribute::string("title", "The job title, such as \"Vice President\"."),
        Attribute::string("userType", "The relation to the organisation, such as \"Employee\"."),
        Attribute::string("preferredLanguage", "Languages as in the Accept-Language header."),
        Attribute::string("locale", "The locale for formats, such as \"en-US\"."),
        Attribute::string("timezone", "The time zone by its Olson name, such as \"Europe/Brussels\"."),
        Attribute::boolean("active", "Whether the account may be used."),
        Attribute::string("password", "A clear-text password; never kept as it is and never returned.")
            .mutability(Mutability::WriteOnly)
            .returned(Returned::Never),
    ]
}

fn name() -> Vec<Attribute> {
    vec![
        Attribute::string("formatted", "The whole name, ready to show."),
        Attribute::string("familyName", "The family name."),
        Attribute::string("givenName", "The given name."),
        Attribute::string("middleName", "The middle names."),
        Attribute::string("honorificPrefix", "A prefix such as \"Dr.\"."),
        Attribute::string("honorificSuffix", "A suffix such as \"III\"."),
    ]
}

/// RFC 7643 §4.1.2.
fn multi_valued() -> Vec<Attribute> {
    let text = |description| Attribute::string("value", description);
    let photo = Attribute::reference("value", &["external"], "The address of an image file.");
    let certificate = Attribute::new("value", AttributeType::Binary, "A DER certificate in base64.").case_exact();
    vec![
        Attribute::complex(
            "emails",
            "E-mail addresses.",
            plural(text("An e-mail address."), &["work", "home", "other"]),
        )
        .multi(),
        Attribute::complex(
            "phoneNumbers",
            "Telephone numbers.",
            plural(text("A telephone number."), &["work", "home", "mobile", "fax", "pager", "other"]),
        )
        .multi(),
        Attribute::complex(
            "ims",
            "Instant messaging addresses.",
            plural(
                text("An instant messaging address."),
                &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo", "other"],
            ),
        )
        .multi(),
        Attribute::complex("photos", "Pictures of the person.", plural(photo, &["photo", "thumbnail"])).multi(),
        Attribute::complex("addresses", "Postal addresses.", address()).multi(),
        Attribute::complex("groups", "The groups the person belongs to; changed through the groups.", groups())
            .multi()
            .mutability(Mutability::ReadOnly),
        Attribute::complex("entitlements", "Things the person is entitled to.", plural(text("An entitlement."), &[]))
            .multi(),
        Attribute::complex("roles", "Roles of the person.", plural(text("A role."), &[])).multi(),
        Attribute::complex("x509Certificates", "Certificates of the person.", plural(certificate, &[])).multi(),
    ]
}

fn address() -> Vec<Attribute> {
    vec![
        Attribute::string("formatted", "The whole address, ready to print."),
        Attribute::string("streetAddress", "Street, house number and the like."),
        Attribute::string("locality", "City or place."),
        Attribute::string("region", "State or region."),
        Attribute::string("postalCode", "Postal code."),
        Attribute::string("country", "Country, as an ISO 3166-1 alpha-2 code."),
        Attribute::string("type", "What the address is for.").values(&["work", "home", "other"]),
        Attribute::boolean("primary", "Whether this is the preferred address; true at most once."),
    ]
}

fn groups() -> Vec<Attribute> {
    [
        Attribute::string("value", "The group's id.").case_exact(),
        Attribute::reference("$ref", &["User", "Group"], "The group's address."),
        Attribute::string("display", "The group's name."),
        Attribute::string("type", "Whether the membership is direct.").values(&["direct", "indirect"]),
    ]
    .map(|attribute| attribute.mutability(Mutability::ReadOnly))
    .into()
}
