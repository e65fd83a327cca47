//! Typed identifiers.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

id!(
    /// A customer organisation.
    TenantId
);
id!(
    /// A user, group or other resource; time-ordered, so that order of ids is order of creation.
    ResourceId
);
id!(
    /// A credential, without its secrets.
    CredentialId
);
id!(
    /// A secret of a credential, without the secret itself. A token and its one secret share theirs.
    SecretId
);
id!(
    /// An entry of the journal.
    FactId
);
id!(
    /// A job; time-ordered.
    JobId
);
id!(
    /// A row of the activity log; time-ordered.
    ActivityId
);
id!(
    /// A mail in the outbox.
    MailId
);

id!(
    /// An admin account of the settings UI.
    AdminId
);
id!(
    /// A link to an identity provider, for single sign-on.
    ConnectionId
);
id!(
    /// A key of the tenant's own for single sign-on.
    SsoKeyId
);
id!(
    /// A sign-in by single sign-on that was begun; time-ordered.
    AttemptId
);
id!(
    /// An entry of the sign-in log; time-ordered.
    SignInId
);
id!(
    /// A rule by which people get a role of the vendor's product.
    RuleId
);
id!(
    /// A domain of a tenant's e-mail addresses.
    DomainId
);
id!(
    /// A session of the settings UI, without its secret.
    SessionId
);
id!(
    /// A link that opens something once, without its secret.
    LinkId
);

impl FromStr for ResourceId {
    type Err = uuid::Error;

    /// Reads the one spelling we give out: 36 characters, hyphens, any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            36 => Uuid::try_parse(text).map(Self),
            _ => Uuid::try_parse("").map(Self),
        }
    }
}
