//! The words for causes, in English. Labels of the Entra admin center stand as they stand there.
//!
//! A title says first what became of the request. Why says what happened, without blame. What to do is read after whose
//! job it is ("Yours: …"), so it begins in lower case.

use super::{Cause, Job};

/// What is said of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    pub title: &'static str,
    pub why: &'static str,
    pub what_to_do: &'static str,
}

impl Job {
    /// The words that open a sentence about what to do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Yours => "Yours",
            Self::IdpAdmins => "Your IdP admin’s",
            Self::Ours => "Ours",
        }
    }
}

const fn say(title: &'static str, why: &'static str, what_to_do: &'static str) -> Words {
    Words { title, why, what_to_do }
}

/// Paste the token again: what most refusals at the door end in.
const PASTE: &str = "copy the token again, paste it into Secret Token under Admin Credentials in Entra, press Test Connection, then Save.";

#[expect(clippy::too_many_lines, reason = "one table, kept whole for whoever translates it")]
pub(super) const fn words(cause: Cause) -> Words {
    match cause {
        Cause::UserNameTaken => say(
            "Refused: user name taken",
            "Somebody else here already has the user name that was sent.",
            "under Mappings in Entra, set Match objects using this attribute to Yes for userPrincipalName, so that Entra finds the account that has it. If two people share a user name, change it for one of them. Then use Provision on demand.",
        ),
        Cause::GroupNameTaken => say(
            "Refused: group name taken",
            "Another group has this name, and group names are unique here.",
            "rename one of the two groups in Entra, or take one of them out of Users and groups.",
        ),
        Cause::ValueTaken => say(
            "Refused: already exists",
            "Somebody else already has a value that only one may have. The answer names the attribute.",
            "correct the value in Entra for one of the two, then use Provision on demand.",
        ),
        Cause::RequiredMissing => say(
            "Refused: a required value is empty",
            "An attribute that everybody must have came empty or not at all. The answer names it.",
            "fill in the field in Entra for these people, or map the attribute to a field that is always filled under Mappings. Then use Provision on demand.",
        ),
        Cause::ValueNotAccepted => say(
            "Refused: a value does not fit",
            "A value is of another kind than its attribute takes, such as text where true or false belongs. The answer names the attribute.",
            "correct that row under Mappings in Entra; Restore default mappings brings back rows that fit.",
        ),
        Cause::AddressOutside => say(
            "Refused: address outside of your domains",
            "A user name or an email lies in a domain that is not among your verified domains, and only addresses of verified domains are let in. The answer names the domain.",
            "verify that domain under Domains, or choose there that other addresses are let in. If the address is a mistake, correct it in your identity provider. Then use Provision on demand.",
        ),
        Cause::MemberUnknown => say(
            "Refused: a member is not here",
            "Somebody was to join a group, or to be a manager, who is not in this directory.",
            "assign that person under Users and groups in Entra. If they are assigned, press Restart provisioning, which looks everybody up again.",
        ),
        Cause::GroupInItself => say(
            "Refused: a group would contain itself",
            "The change would put a group into itself, directly or by way of other groups.",
            "take one of these groups out of the other in your identity provider.",
        ),
        Cause::NotChangeable => say(
            "Refused: cannot be changed",
            "The request changes an attribute that is read-only or stays as it was first set. The answer names it.",
            "delete that row under Mappings in Entra, or set Apply this mapping to Only during object creation.",
        ),
        Cause::NoTarget => say(
            "Refused: nothing to change there",
            "The request changes one value of several and describes it in a way that fits none.",
            "see under Mappings in Entra that the target reads like emails[type eq \"work\"].value.",
        ),
        Cause::BadPath => say(
            "Refused: unknown attribute path",
            "The request names an attribute in a way that cannot be read.",
            "correct the target attribute of that row under Mappings in Entra.",
        ),
        Cause::BadFilter => say(
            "Refused: the search cannot be read",
            "People or groups were searched by an attribute that does not exist here, or in a way that does not fit it.",
            "match people by userName or externalId, and groups by displayName, under Mappings in Entra.",
        ),
        Cause::BadBody => say(
            "Refused: the request cannot be read",
            "The request is not well formed, or broke off on its way.",
            "if it comes again, look for a proxy between your identity provider and us, and check expressions under Mappings. Entra tries again by itself.",
        ),
        Cause::WrongVersion => say(
            "Refused: another protocol version",
            "The request asks for a version of SCIM that is not spoken here.",
            "paste Tenant URL again as it is shown under User provisioning; it ends in /scim/v2.",
        ),
        Cause::SecretInAddress => say(
            "Refused: a password in an address",
            "A search names a password, and addresses are kept in logs.",
            "do not match people by password; use userName or externalId.",
        ),
        Cause::BadCursor => say(
            "Refused: unknown page",
            "The request asks for a page of a list that was not given out here, or belongs to another question.",
            "begin the list anew.",
        ),
        Cause::CursorExpired => say(
            "Refused: the page is too old",
            "The next page of a list was asked for too late.",
            "begin the list anew, and read it without long pauses.",
        ),
        Cause::BadCount => say(
            "Refused: page size not a number",
            "The number of results to give at once is not a number.",
            "send count as a whole number.",
        ),
        Cause::TooMany => say(
            "Refused: the search is too broad",
            "Answering would mean looking at too much at once.",
            "search by userName, externalId or displayName, and ask for groups without their members.",
        ),
        Cause::NotUnderstood => say(
            "Refused: not understood",
            "The request does not fit what is spoken here.",
            "open the row and compare the answer with the request.",
        ),
        Cause::NotFound => say(
            "Not found",
            "The person or group is not in this directory: it was deleted, or it never was here.",
            "if Entra still has them assigned, press Restart provisioning; Entra then looks everybody up again.",
        ),
        Cause::AddressUnknown => say(
            "Refused: unknown address",
            "There is nothing at the address that was called. Most often Tenant URL has something added to it, such as /Users.",
            "paste Tenant URL again as it is shown under User provisioning, without anything behind it.",
        ),
        Cause::WrongMethod => say(
            "Refused: not possible there",
            "The address exists, and does not take requests of this kind.",
            "see that Tenant URL is the one shown under User provisioning, and not the address for access tokens.",
        ),
        Cause::ChangedMeanwhile => say(
            "Refused: changed meanwhile",
            "The request was about an earlier version than there is.",
            "read the person or group again, then write. Clients that send If-Match do so by themselves.",
        ),
        Cause::TooLate => say(
            "Refused: it came too slowly",
            "The body of the request did not arrive within half a minute.",
            "nothing, if it happens once: identity providers send the request again. Otherwise look at the network between the \
             identity provider and here.",
        ),
        Cause::TooLarge => say(
            "Refused: too much at once",
            "The request is larger than what is read here.",
            "send fewer members or operations in one request. Entra splits large groups by itself.",
        ),
        Cause::WrongContentType => say(
            "Refused: another format",
            "The request is sent in a format that is not read here, or compressed.",
            "send application/scim+json, uncompressed. Entra does; look for a proxy on the way.",
        ),
        Cause::DiscoveryFiltered => say(
            "Refused: a filter on the description",
            "The description of what this service can do is given as a whole.",
            "ask for it without a filter.",
        ),
        Cause::NoPerson => say(
            "Refused: the token is nobody",
            "The request asks who is signed in, and a token is no person.",
            "do not use /Me with a provisioning token.",
        ),
        Cause::ScopeMissing => say(
            "Refused: the token may not do this",
            "The token was made for less than what the request does. The answer names the scope it lacks.",
            "create a token or client with that scope, and have it pasted in place of this one.",
        ),
        Cause::NotAllowed => say(
            "Refused: not allowed",
            "A rule stands against the request. The answer names it.",
            "open the row and read the answer, which says what to do.",
        ),
        Cause::ProvisioningOff => say(
            "Refused: provisioning is off",
            "User provisioning is switched off here, so nothing is taken.",
            "switch it On under User provisioning, or set Provisioning Status to Off in Entra as well.",
        ),
        Cause::ProvisioningPaused => say(
            "Asked to come back: paused",
            "Provisioning is paused. Nothing is lost: the same change comes again later.",
            "press Resume under User provisioning.",
        ),
        Cause::Suspended => say(
            "Refused: suspended",
            "Your organization is suspended here, so nothing is taken.",
            "write to our support; once that is settled, press Restart provisioning in Entra.",
        ),
        Cause::NoToken => say(
            "Refused: no token",
            "The request came without a token.",
            "paste the token into Secret Token under Admin Credentials in Entra, press Test Connection, then Save.",
        ),
        Cause::NotBearer => say(
            "Refused: not sent as a bearer token",
            "The request signs in in another way, such as with a user name and a password.",
            "choose Bearer Authentication (in Okta: HTTP Header) and paste the token there.",
        ),
        Cause::TokenQuoted => say(
            "Refused: quotes around the token",
            "The token was pasted together with quotation marks.",
            "paste it into Secret Token again, without quotation marks.",
        ),
        Cause::BearerTwice => say(
            "Refused: “Bearer” stands twice",
            "The token was pasted together with the word Bearer, which the identity provider puts in front by itself.",
            "paste the token alone into Secret Token. It begins with scim_.",
        ),
        Cause::TokenCutShort => say(
            "Refused: the token is cut short",
            "The beginning is right, and the end is missing.",
            "copy the whole token and paste it again. If it is not at hand any more, create a second one under User provisioning.",
        ),
        Cause::TokenMistyped => say(
            "Refused: the token is mistyped",
            "It looks like one of ours, and a character in it is wrong or has been added.",
            PASTE,
        ),
        Cause::TokenForeign => say(
            "Refused: not one of our tokens",
            "What was sent as token was not made here.",
            "paste the token from User provisioning into Secret Token. It begins with scim_.",
        ),
        Cause::EntraOwnToken => say(
            "Refused: Entra’s own token",
            "Secret Token is empty in Entra, so Entra sends a token that it made itself.",
            PASTE,
        ),
        Cause::TokenUnknown => {
            say("Refused: unknown token", "It is well formed, and no token of this organization.", PASTE)
        }
        Cause::TokenRevoked => say(
            "Refused: the token is revoked",
            "An admin has revoked this token, and it is still in use.",
            "paste the newer token into Secret Token under Admin Credentials in Entra. If there is none, create one under User provisioning.",
        ),
        Cause::TokenExpired => say(
            "Refused: the token has expired",
            "The token’s time is over, and it is still in use.",
            "create a token under User provisioning and have it pasted into Secret Token in Entra. Then press Restart provisioning.",
        ),
        Cause::TokenOtherTenants => say(
            "Refused: another organization’s token",
            "The token is good, but not for the address that was called.",
            "paste Tenant URL and Secret Token again, both from the same page.",
        ),
        Cause::AccessTokenExpired => say(
            "Refused: the access token has expired",
            "Access tokens are good for an hour or a few, and then have to be asked for again.",
            "nothing if it happens once. If it goes on, press Test Connection in Entra: it asks for a new one.",
        ),
        Cause::AccessTokenRevoked => say(
            "Refused: the client is revoked",
            "The access token was given to a client, or for a secret, that an admin has revoked since.",
            "enter the newer client ID and secret in your identity provider.",
        ),
        Cause::AccessTokenUnknown => say(
            "Refused: not one of our access tokens",
            "The access token was not made here, or was changed on its way.",
            "ask for one at the token URL shown under User provisioning.",
        ),
        Cause::NotLetIn => say("Refused: no valid token", "The token opens nothing here.", PASTE),
        Cause::NoClient => say(
            "Refused: no client",
            "An access token was asked for without a client ID or without a secret.",
            "enter both under Admin Credentials, as they were shown under User provisioning.",
        ),
        Cause::ClientUnknown => say(
            "Refused: unknown client",
            "No client of this organization has this client ID.",
            "enter the client ID again, as it is shown under User provisioning.",
        ),
        Cause::ClientRevoked => say(
            "Refused: the client is revoked",
            "An admin has revoked this client, and it is still in use.",
            "enter the newer client ID and secret in your identity provider.",
        ),
        Cause::ClientOtherTenants => say(
            "Refused: another organization’s client",
            "The client is good, but not for the address that was called.",
            "enter the token URL, client ID and secret again, all from the same page.",
        ),
        Cause::ClientSecretWrong => say(
            "Refused: wrong client secret",
            "The client is known, and the secret is not its own.",
            "enter the secret again. If it is not at hand any more, add a second one under User provisioning.",
        ),
        Cause::ClientSecretExpired => say(
            "Refused: the client secret has expired",
            "The secret’s time is over, and it is still in use.",
            "add a secret to the client under User provisioning and have it entered in your identity provider.",
        ),
        Cause::ClientSecretRevoked => say(
            "Refused: the client secret is revoked",
            "An admin has revoked this secret, and it is still in use.",
            "enter the newer secret in your identity provider.",
        ),
        Cause::BadTokenRequest => say(
            "Refused: the request for an access token cannot be read",
            "It is no form, has something twice, or carries the secret in two places.",
            "use the client credentials grant as your identity provider offers it, with the token URL shown under User provisioning.",
        ),
        Cause::WrongGrantType => say(
            "Refused: another grant",
            "Access tokens are given for client credentials alone.",
            "choose OAuth 2.0 client credentials in your identity provider.",
        ),
        Cause::WrongScope => say(
            "Refused: the client may not have this scope",
            "An access token was asked for with a scope that does not exist, or that the client was not given.",
            "leave Scope empty in your identity provider, or use a client that has it.",
        ),
        Cause::TenantTooFast => say(
            "Asked to come back: too fast",
            "Your organization sends more at once than its share. Nothing is lost: the same request comes again.",
            "nothing to do while it comes and goes. If it goes on for hours, write to our support.",
        ),
        Cause::AddressFailsOften => say(
            "Asked to come back: refused too often",
            "Too many requests from this network address were refused, so strangers there have to wait.",
            PASTE,
        ),
        Cause::ClientTooFast => say(
            "Asked to come back: too many access tokens",
            "The client asks for access tokens more often than it needs to.",
            "use an access token until it ends. Entra does.",
        ),
        Cause::TooManyQuestions => say(
            "Asked to come back: too many searches",
            "Several searches that look at very much run at the same time.",
            "send broad searches one after another. Entra does not send such.",
        ),
        Cause::Contention => say(
            "Asked to come back: changed by others",
            "Several requests changed the same person or group at the same moment.",
            "nothing to do; the change comes again within the next cycle.",
        ),
        Cause::DatabaseAway => say(
            "Asked to come back: not available",
            "Our directory did not answer in time. Nobody has lost access.",
            "we are on it; the change comes again within the next cycle.",
        ),
        Cause::Defect => say(
            "Failed: an error of ours",
            "Something went wrong on our side. Nobody has lost access.",
            "we are on it. If it comes again, send our support the request ID of this row.",
        ),
        Cause::Other => say(
            "Refused",
            "The request was not carried out. The answer says more.",
            "send our support the request ID of this row.",
        ),
    }
}
