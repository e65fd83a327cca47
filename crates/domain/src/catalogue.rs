//! Why requests are refused or fail, and whose job it is to change that: one [`Cause`] for everything that the SCIM face
//! and the token endpoint can answer, and for every reason behind a 401, which callers are never told.
//!
//! The words stand in [`text`], in one place for translation.

pub mod reference;
pub mod text;

use scim_protocol::{Fault, Reason, ScimType};

/// Who can do something about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// The tenant's admin, in our settings.
    Yours,
    /// Whoever looks after the identity provider.
    IdpAdmins,
    /// The vendor's.
    Ours,
}

impl Job {
    /// Its name in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Yours => "yours",
            Self::IdpAdmins => "idp_admins",
            Self::Ours => "ours",
        }
    }
}

/// What was shown at the door, from what anybody may show to what the tenant's identity provider alone has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Showed {
    Nothing,
    Something,
    /// A secret of the tenant's own that opens nothing any more.
    OwnSecret,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $job:ident, $statuses:expr;)+) => {
        /// Why a request was refused or failed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Cause { $($(#[$doc])* $variant),+ }

        impl Cause {
            /// All that there are, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in the log's rows, in exports and in links. It never changes.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The cause of that code; none when there is no such code.
            pub fn named(code: &str) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }

            /// Whose job it is.
            pub const fn whose(self) -> Job {
                match self { $(Self::$variant => Job::$job),+ }
            }

            /// The statuses that it is answered with.
            pub const fn statuses(self) -> &'static [u16] {
                match self { $(Self::$variant => &$statuses),+ }
            }
        }
    };
}

causes!(
    /// Somebody else has the user name.
    UserNameTaken = "user_name_taken", IdpAdmins, [409];
    GroupNameTaken = "group_name_taken", IdpAdmins, [409];
    /// Another value that only one may have.
    ValueTaken = "value_taken", IdpAdmins, [409];
    RequiredMissing = "required_missing", IdpAdmins, [400];
    /// A value of the wrong type, two that are primary and the like.
    ValueNotAccepted = "value_not_accepted", IdpAdmins, [400];
    /// An address outside of the tenant's verified domains.
    AddressOutside = "address_outside", Yours, [400];
    MemberUnknown = "member_unknown", IdpAdmins, [400];
    GroupInItself = "group_in_itself", IdpAdmins, [400, 409];
    NotChangeable = "not_changeable", IdpAdmins, [400];
    NoTarget = "no_target", IdpAdmins, [400];
    BadPath = "bad_path", IdpAdmins, [400];
    BadFilter = "bad_filter", IdpAdmins, [400];
    BadBody = "bad_body", IdpAdmins, [400];
    /// `invalidVers`, which RFC 7644 has for protocol versions in addresses.
    WrongVersion = "wrong_version", IdpAdmins, [400];
    /// `sensitive`: a secret in an address.
    SecretInAddress = "secret_in_address", IdpAdmins, [403];
    BadCursor = "bad_cursor", IdpAdmins, [400];
    CursorExpired = "cursor_expired", IdpAdmins, [400];
    BadCount = "bad_count", IdpAdmins, [400];
    TooMany = "too_many", IdpAdmins, [400];
    /// 400 without more: nothing here answers so.
    NotUnderstood = "not_understood", IdpAdmins, [400];
    /// No such person or group, or none in this tenant.
    NotFound = "not_found", IdpAdmins, [404];
    /// No such address below the base URL.
    AddressUnknown = "address_unknown", IdpAdmins, [404];
    WrongMethod = "wrong_method", IdpAdmins, [405];
    ChangedMeanwhile = "changed_meanwhile", IdpAdmins, [412];
    /// The body did not arrive in time.
    TooLate = "too_late", IdpAdmins, [408];
    TooLarge = "too_large", IdpAdmins, [413];
    WrongContentType = "wrong_content_type", IdpAdmins, [415];
    DiscoveryFiltered = "discovery_filtered", IdpAdmins, [403];
    /// `/Me`, to which a token is nobody.
    NoPerson = "no_person", IdpAdmins, [501];

    ScopeMissing = "scope_missing", Yours, [403];
    /// A rule of the product or the tenant.
    NotAllowed = "not_allowed", Yours, [403];
    ProvisioningOff = "provisioning_off", Yours, [403];
    ProvisioningPaused = "provisioning_paused", Yours, [503];
    Suspended = "suspended", Ours, [403];

    NoToken = "no_token", IdpAdmins, [401];
    /// Another scheme than `Bearer`.
    NotBearer = "not_bearer", IdpAdmins, [401];
    TokenQuoted = "token_quoted", IdpAdmins, [401];
    BearerTwice = "bearer_twice", IdpAdmins, [401];
    TokenCutShort = "token_cut_short", IdpAdmins, [401];
    /// Of our form, but mistyped: its checksum is wrong.
    TokenMistyped = "token_mistyped", IdpAdmins, [401];
    /// Not of our form at all.
    TokenForeign = "token_foreign", IdpAdmins, [401];
    /// The token that Entra makes itself when *Secret Token* is empty.
    EntraOwnToken = "entra_own_token", IdpAdmins, [401];
    TokenUnknown = "token_unknown", IdpAdmins, [401];
    TokenRevoked = "token_revoked", IdpAdmins, [401];
    TokenExpired = "token_expired", Yours, [401];
    TokenOtherTenants = "token_other_tenants", IdpAdmins, [401];
    AccessTokenExpired = "access_token_expired", IdpAdmins, [401];
    /// Of a client or a secret that was revoked since.
    AccessTokenRevoked = "access_token_revoked", IdpAdmins, [401];
    AccessTokenUnknown = "access_token_unknown", IdpAdmins, [401];
    /// 401 of which nobody found out more.
    NotLetIn = "not_let_in", IdpAdmins, [401];

    NoClient = "no_client", IdpAdmins, [401];
    ClientUnknown = "client_unknown", IdpAdmins, [401];
    ClientRevoked = "client_revoked", IdpAdmins, [401];
    ClientOtherTenants = "client_other_tenants", IdpAdmins, [401];
    ClientSecretWrong = "client_secret_wrong", IdpAdmins, [401];
    ClientSecretExpired = "client_secret_expired", Yours, [401];
    ClientSecretRevoked = "client_secret_revoked", IdpAdmins, [401];
    BadTokenRequest = "bad_token_request", IdpAdmins, [400];
    WrongGrantType = "wrong_grant_type", IdpAdmins, [400];
    WrongScope = "wrong_scope", IdpAdmins, [400];

    TenantTooFast = "tenant_too_fast", Ours, [429];
    AddressFailsOften = "address_fails_often", IdpAdmins, [429];
    ClientTooFast = "client_too_fast", IdpAdmins, [429];
    /// Too many expensive questions of the tenant at once.
    TooManyQuestions = "too_many_questions", IdpAdmins, [503];
    Contention = "contention", Ours, [503];
    DatabaseAway = "database_away", Ours, [503];
    Defect = "defect", Ours, [500];
    /// Any other refusal, such as one that another version of this server has written down.
    Other = "other", Ours, [];
);

impl Cause {
    /// What a fault says, as well as it can be told without knowing who answered it. Faces know more and say so.
    pub fn of_fault(fault: &Fault) -> Self {
        match fault.reason {
            Some(Reason::Required) => Self::RequiredMissing,
            Some(Reason::UnknownReference) => Self::MemberUnknown,
            Some(Reason::Circle) => Self::GroupInItself,
            None => Self::of(fault.status, fault.scim_type),
        }
    }

    /// Whether an admin or the vendor has closed the tenant to provisioning, so that nothing failed.
    pub const fn is_closure(self) -> bool {
        matches!(self, Self::ProvisioningOff | Self::ProvisioningPaused | Self::Suspended)
    }

    /// What a status and a `scimType` say.
    pub const fn of(status: u16, scim_type: Option<ScimType>) -> Self {
        match scim_type {
            Some(kind) => Self::of_type(kind),
            None => Self::of_status(status),
        }
    }

    const fn of_type(kind: ScimType) -> Self {
        match kind {
            ScimType::InvalidFilter => Self::BadFilter,
            ScimType::TooMany => Self::TooMany,
            ScimType::Uniqueness => Self::ValueTaken,
            ScimType::Mutability => Self::NotChangeable,
            ScimType::InvalidSyntax => Self::BadBody,
            ScimType::InvalidPath => Self::BadPath,
            ScimType::NoTarget => Self::NoTarget,
            ScimType::InvalidValue => Self::ValueNotAccepted,
            ScimType::InvalidVers => Self::WrongVersion,
            ScimType::Sensitive => Self::SecretInAddress,
            ScimType::InvalidCursor => Self::BadCursor,
            ScimType::ExpiredCursor => Self::CursorExpired,
            ScimType::InvalidCount => Self::BadCount,
        }
    }

    const fn of_status(status: u16) -> Self {
        match status {
            400 => Self::NotUnderstood,
            401 => Self::NotLetIn,
            403 => Self::NotAllowed,
            404 => Self::NotFound,
            405 => Self::WrongMethod,
            409 => Self::ValueTaken,
            412 => Self::ChangedMeanwhile,
            408 => Self::TooLate,
            413 => Self::TooLarge,
            415 => Self::WrongContentType,
            429 => Self::TenantTooFast,
            500 => Self::Defect,
            501 => Self::NoPerson,
            503 => Self::DatabaseAway,
            _ => Self::Other,
        }
    }

    /// What belongs to whoever else has a value that only one may have; `attribute` as the store names it.
    pub fn of_taken(attribute: &str) -> Self {
        match attribute {
            "userName" => Self::UserNameTaken,
            "displayName" => Self::GroupNameTaken,
            _ => Self::ValueTaken,
        }
    }

    /// What somebody who was refused at the door showed there.
    pub const fn showed(self) -> Showed {
        match self {
            Self::NoToken | Self::NotBearer | Self::NoClient => Showed::Nothing,
            Self::TokenRevoked
            | Self::TokenExpired
            | Self::AccessTokenRevoked
            | Self::ClientRevoked
            | Self::ClientSecretExpired
            | Self::ClientSecretRevoked => Showed::OwnSecret,
            _ => Showed::Something,
        }
    }

    /// In two or three words, state first: "Refused: already exists".
    pub const fn title(self) -> &'static str {
        text::words(self).title
    }

    /// What happened, in sentences for an IT admin.
    pub const fn why(self) -> &'static str {
        text::words(self).why
    }

    /// What to do about it, to be read after [`Job`]'s words: "Yours: …".
    pub const fn what_to_do(self) -> &'static str {
        text::words(self).what_to_do
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_cause_has_a_code_of_its_own_by_which_it_is_found() {
        let codes: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
        assert_eq!(codes.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::named(cause.code()), Some(*cause));
        }
        assert_eq!(Cause::named("uniqueness"), None);
    }

    #[test]
    fn every_cause_is_explained_in_whole_sentences() {
        for cause in Cause::ALL {
            let (title, why, what_to_do) = (cause.title(), cause.why(), cause.what_to_do());
            assert!((1..=60).contains(&title.chars().count()) && !title.ends_with('.'), "{title}");
            assert!(why.ends_with('.') && why.starts_with(char::is_uppercase), "{why}");
            assert!(what_to_do.ends_with('.') && what_to_do.starts_with(char::is_lowercase), "{what_to_do}");
        }
    }

    #[test]
    fn the_words_are_those_of_an_admin() {
        for cause in Cause::ALL {
            let words = format!("{} {} {}", cause.title(), cause.why(), cause.what_to_do());
            for foreign in ["SCIM Type", "scimType", "!", "sorry", "please", "invalid", "HTTP 4", "tenant ", "null"] {
                assert!(!words.contains(foreign), "{}: {foreign}", cause.code());
            }
            for status in cause.statuses() {
                assert!(!words.contains(&status.to_string()), "{}: a bare status", cause.code());
            }
        }
    }

    #[test]
    fn every_keyword_of_a_fault_has_a_cause_that_is_answered_with_its_status() {
        let status = |kind: ScimType| match kind {
            ScimType::Uniqueness => 409,
            ScimType::Sensitive => 403,
            _ => 400,
        };
        for kind in ScimType::ALL {
            let cause = Cause::of(status(kind), Some(kind));
            assert!(cause.statuses().contains(&status(kind)), "{}", kind.as_str());
            assert!(!matches!(cause, Cause::Other | Cause::NotUnderstood), "{}", kind.as_str());
        }
    }

    #[test]
    fn every_status_that_is_answered_has_a_cause() {
        for status in [400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 429, 500, 501, 503] {
            let cause = Cause::of(status, None);
            assert!(cause != Cause::Other && cause.statuses().contains(&status), "{status}");
        }
        assert_eq!(Cause::of(418, None), Cause::Other);
    }

    #[test]
    fn what_lies_behind_a_fault_is_told_rather_than_its_keyword() {
        let table = [
            (Fault::invalid_value("x").because(Reason::Required), Cause::RequiredMissing),
            (Fault::mutability("x").because(Reason::Required), Cause::RequiredMissing),
            (Fault::invalid_value("x").because(Reason::UnknownReference), Cause::MemberUnknown),
            (Fault::invalid_value("x").because(Reason::Circle), Cause::GroupInItself),
            (Fault::plain(409, "x").because(Reason::Circle), Cause::GroupInItself),
            (Fault::uniqueness("x"), Cause::ValueTaken),
        ];
        for (fault, cause) in table {
            assert_eq!(Cause::of_fault(&fault), cause, "{fault}");
            assert!(fault.reason == Some(Reason::Required) || cause.statuses().contains(&fault.status), "{fault}");
        }
        assert_eq!(
            ["userName", "displayName", "badge"].map(Cause::of_taken),
            [Cause::UserNameTaken, Cause::GroupNameTaken, Cause::ValueTaken]
        );
    }

    #[test]
    fn the_reference_has_a_row_for_every_cause() {
        let page = reference::page();
        for cause in Cause::ALL {
            assert!(page.contains(&format!("| `{}` |", cause.code())));
        }
    }
}
