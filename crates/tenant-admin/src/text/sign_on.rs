//! Words about single sign-on: what is wrong with a sign-in, whose job it is, and the next step.

pub mod standing;

use domain::catalogue::Job;
use domain::connection::arrival::{ArrivedName, LONGEST_CLAIM};
use domain::connection::cause::SignInCause;
use domain::connection::link::{Finding, Verdict};
use domain::connection::{IdentityClaim, Protocol};

use crate::parts::{Icon, Pill, Tone};
use crate::prose::Prose;
use crate::when::When;
use domain::timestamp::Timestamp;
use domain::who::Mark;

pub const HOME: &str = "Sign in";
pub const SINGLE_SIGN_ON: &str = "Single sign-on";
pub const NOT_SIGNED_IN: &str = "You could not be signed in";
pub const SIGNED_OUT: &str = "You are signed out";
pub const ME: &str = "Your account";
pub const NOT_SAVED: &str = "Not saved";
pub const NOT_SWITCHED: &str = "Not changed";
pub const NOT_CREATED: &str = "Not created";
pub const SIGN_IN_LOG: &str = "Sign-in log";
pub const TEST: &str = "Test result";
pub const REMOVE: &str = "Remove connection";
pub const NO_ACTIVE_CONNECTION: &str = "Activate a connection first.";
pub const NO_BREAK_GLASS: &str = "First allow a break-glass owner who has signed in with the password.";
pub const BREAK_GLASS_OWNERS: &str = "Break-glass owners";
pub const IS_TESTED: &str = "Tested within the last 24 hours, as it is set up now";
pub const HAS_BREAK_GLASS: &str = "An owner is allowed the break glass";
pub const HAS_SIGNED_IN: &str = "That owner has signed in with the password";
pub const MATCH_FOUND: &str = "Match found";
pub const MET: &str = "Done";
pub const NOT_MET: &str = "Missing";
pub const TEST_NOW: &str = "Test sign-in";
pub const NO_FILE: &str = "Choose the XML file, or paste its content.";
pub const CHOOSE_AGAIN: &str = "What you entered was too much to be kept while you signed in. Enter it again.";
pub const FILE_TOO_LARGE: &str = "This is larger than 4 MiB, which no identity provider’s metadata is. Choose the file that it offers as federation metadata.";
pub const FILE_NOT_TEXT: &str =
    "This file is not text in UTF-8. Choose the XML file that the identity provider offers as federation metadata.";
pub const NOT_COMPARED: &str = "Not compared";
pub const CAN_CHANGE: &str = "Can change";
pub const OUTSIDE: &str = "Outside";
pub const LET_IN: &str = "The page Domains says to let it in and note it.";
pub const KEPT_OUT: &str = "The page Domains says to refuse it.";
pub const LOAD_AGAIN: &str = "Load the page again";

/// Said on a page that somebody has open while another changes the connection.
pub fn changed_by(mark: &Mark) -> String {
    format!("This connection was changed by {} since you opened this page.", mark.by)
}

/// What a cause is called.
pub const fn title(cause: SignInCause) -> &'static str {
    words(cause).0
}

/// What happened.
pub const fn meaning(cause: SignInCause) -> &'static str {
    words(cause).1
}

/// What an admin does about it.
pub const fn step(cause: SignInCause) -> &'static str {
    words(cause).2
}

#[expect(clippy::too_many_lines, reason = "one table, kept whole for whoever translates it")]
const fn words(cause: SignInCause) -> (&'static str, &'static str, &'static str) {
    use SignInCause as C;
    match cause {
        C::Unsigned => (
            "Not signed",
            "The identity provider's answer has no signature, so anybody could have written it.",
            "In Entra, open Single sign-on › SAML certificates and choose \"Sign SAML assertion\" or \"Sign SAML response and assertion\".",
        ),
        C::UnknownCertificate => (
            "Unknown certificate",
            "The answer is signed with a certificate that this connection does not know. The identity provider may have changed it.",
            "Read the metadata again on the connection's page, or add the new certificate there.",
        ),
        C::CertificateExpired => (
            "Certificate has ended",
            "The answer is signed with a certificate whose time is over, or has not begun.",
            "Make a new certificate active in the identity provider, then read its metadata again.",
        ),
        C::WeakAlgorithm => (
            "Weak signature",
            "The answer is signed in a way that is not safe any more, such as with SHA-1, or without any key.",
            "In Entra, set the signing algorithm to SHA-256.",
        ),
        C::SignatureWrong => (
            "Signature does not fit",
            "The answer was changed on its way, signed with another key, or put together from pieces.",
            "Try once more. If it stays, read the metadata again and look into who sends this.",
        ),
        C::Undecryptable => (
            "Cannot be decrypted",
            "The answer is encrypted for another key than ours.",
            "Give the identity provider our metadata again: it holds the certificate to encrypt for.",
        ),
        C::WrongIssuer => (
            "Another identity provider",
            "The answer is of somebody whom no connection is with.",
            "Compare the entity ID or issuer on the connection's page with the one in the identity provider.",
        ),
        C::WrongAudience => (
            "Meant for somebody else",
            "The answer is for another application: its audience is not our entity ID.",
            "In Entra, set Identifier (Entity ID) to the value on the connection's page.",
        ),
        C::WrongAddress => (
            "Sent to another address",
            "The answer names another address than the one it came to.",
            "In Entra, set Reply URL (Assertion Consumer Service URL) to the value on the connection's page.",
        ),
        C::WrongTenant => (
            "Person of another Entra tenant",
            "Whoever signed in belongs to another directory than this connection is with.",
            "Sign in with an account of your own directory.",
        ),
        C::Unsolicited => (
            "Begun at the identity provider",
            "The sign-in was begun at the identity provider, which this connection does not allow.",
            "Start from the sign-in page, or allow sign-ins from the identity provider on the connection's page.",
        ),
        C::RequestUnknown => (
            "Answer to no open request",
            "The answer belongs to no sign-in that is under way here: it was answered already, took longer than 15 minutes, or is another tenant's.",
            "Start again from the sign-in page.",
        ),
        C::Replayed => (
            "Used already",
            "This answer has let somebody in before. Each is good once.",
            "Start again from the sign-in page. If nobody reloaded a page, look into who sends this.",
        ),
        C::OtherBrowser => (
            "Another browser",
            "The sign-in was begun in another browser, or cookies are blocked.",
            "Start again from the sign-in page, in one browser, and allow cookies for this site.",
        ),
        C::Clock => (
            "Clocks differ",
            "The answer is not valid yet by our clock: the identity provider's is ahead by more than 5 minutes.",
            "Have the identity provider's clock set right.",
        ),
        C::Expired => (
            "Too late",
            "The answer is older than it may be, clocks included.",
            "Start again from the sign-in page. If it stays, compare the clocks.",
        ),
        C::ProviderRefused => (
            "Refused by the identity provider",
            "The identity provider did not let the person in. Its own words stand beside this.",
            "In Entra, see that the person is assigned to the application; look up the AADSTS code in its documentation.",
        ),
        C::Unreadable => (
            "Cannot be read",
            "The answer is not made as the standard says.",
            "Start again. If it stays, tell support what the detail says.",
        ),
        C::TooLarge => (
            "Too large",
            "The answer is larger than any that is needed.",
            "Have the identity provider send fewer claims: groups come by provisioning.",
        ),
        C::ReturnAddress => (
            "Leads elsewhere",
            "The identity provider wants the sign-in to lead to an address that is not on the list.",
            "Add the address to the list on the connection's page, or leave RelayState empty.",
        ),
        C::ProviderDown => (
            "Identity provider does not answer",
            "The identity provider could not be asked.",
            "See whether it is up. People who are signed in stay so.",
        ),
        C::ProviderSlow => (
            "Identity provider is slow",
            "The identity provider did not answer within 4 seconds.",
            "Try again. People who are signed in stay so.",
        ),
        C::ProviderForbidden => (
            "Address is not asked",
            "The identity provider's address leads into our own network.",
            "Give an address that is public. Support can allow one that is not.",
        ),
        C::ProviderUnusable => (
            "Identity provider's documents do not fit",
            "What the identity provider publishes about itself cannot be used.",
            "See the detail, and compare the address on the connection's page.",
        ),
        C::ClientRefused => (
            "Client refused",
            "The identity provider does not accept our client ID or secret. The secret may have ended.",
            "Make a new client secret in the identity provider and enter it on the connection's page.",
        ),
        C::ClaimMissing => (
            "Claim missing",
            "The answer does not say the claim by which people are joined.",
            "Have the identity provider send it, or choose another claim on the connection's page.",
        ),
        C::PersonUnknown => (
            "Not provisioned",
            "The directory has nobody with this identity.",
            "Assign the person to the provisioning application. If they are here already, see the link doctor on their page.",
        ),
        C::PersonAmbiguous => (
            "Several people",
            "More than one person of the directory has this identity, or another one has the name.",
            "Have provisioning send a different externalId for each person, such as objectId.",
        ),
        C::PersonInactive => (
            "Deactivated",
            "The person is deactivated in the directory.",
            "Activate them in the identity provider, if they should come in.",
        ),
        C::DomainOutside => (
            "Outside of your domains",
            "The person's address is not in one of the verified domains.",
            "Verify the domain, or change the rule on the page Domains.",
        ),
        C::OtherConnection => (
            "Led to another connection",
            "The page Domains leads people of this person’s domain to another connection.",
            "Sign in by that one, or choose this one on the domain’s page.",
        ),
        C::AdminUnknown => (
            "No admin account",
            "Whoever signed in is joined to no admin account here.",
            "Sign in with the password once and link the account under Your account. Where passwords are switched off, have another admin send an invitation.",
        ),
        C::ConnectionOff => {
            ("Connection is off", "People cannot sign in by this connection at the moment.", "Activate it on its page.")
        }
        C::ConnectionIncomplete => (
            "Connection is not set up",
            "The connection does not know the identity provider yet.",
            "Finish its set-up on its page.",
        ),
        C::KeyMissing => (
            "Key missing",
            "A secret of this connection cannot be read: its key is not in the key ring.",
            "Tell support. Until it is back, enter the client secret again or make a new key.",
        ),
        C::Suspended => ("Suspended", "The workspace is suspended.", "Contact support."),
    }
}

/// A name identifier with what kind of name it is: "ana@contoso.com, as email address".
pub fn name_id(name: &ArrivedName) -> String {
    let value = shortened(&name.value);
    match name.format.as_deref().map(kind) {
        None | Some("unspecified") => value,
        Some("emailAddress") => format!("{value}, as email address"),
        Some(kind) => format!("{value}, as {}", shortened(kind)),
    }
}

/// The last part of a format's name, such as `persistent`.
fn kind(format: &str) -> &str {
    format.rsplit_once("nameid-format:").map_or(format, |(_, kind)| kind)
}

/// What arrived as one line that is not too long to be read.
pub fn shortened(text: &str) -> String {
    let line: String = text.chars().filter(|each| !each.is_control()).take(LONGEST_CLAIM + 1).collect();
    match line.char_indices().nth(LONGEST_CLAIM) {
        None => line,
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
    }
}

/// That an address lies outside. `so`: what becomes of it.
pub fn outside(domain: &str, so: &str) -> String {
    format!("{domain} is not one of your verified domains. {so}")
}

/// Whose job something is.
pub const fn job(job: Job) -> &'static str {
    match job {
        Job::Yours => "Yours, in these settings",
        Job::IdpAdmins => "Whoever looks after the identity provider",
        Job::Ours => "Ours; contact support",
    }
}

/// What somebody is told who is not let in: they are no admin and can only try again or ask.
pub const fn told(cause: SignInCause) -> &'static str {
    use SignInCause as C;
    match cause {
        C::PersonUnknown => "You signed in at your company, but your account here has not been set up yet.",
        C::PersonInactive => "Your account here is deactivated.",
        C::PersonAmbiguous => "Your account here cannot be told from another one.",
        C::DomainOutside => "Your address is not one that may sign in here.",
        C::OtherConnection => "Your company has you sign in another way. Go back and choose it.",
        C::AdminUnknown => {
            "You signed in, but your identity is joined to no admin account. If you have one, sign in with its password once and link the two under Your account. Where passwords are switched off, ask another admin for an invitation."
        }
        C::ProviderRefused => "Your company's sign-in did not let you in.",
        C::ProviderDown | C::ProviderSlow => {
            "Your company's sign-in does not answer at the moment. Try again in a while."
        }
        C::ConnectionOff | C::ConnectionIncomplete => "This way to sign in is switched off.",
        C::RequestUnknown | C::Expired | C::Replayed => {
            "This sign-in is over: it took too long, or was used already. Start again."
        }
        C::OtherBrowser => "This sign-in was begun in another browser, or cookies are blocked. Start again here.",
        C::Unsolicited | C::ReturnAddress => "This sign-in has to be begun here.",
        C::Suspended => "This workspace is suspended.",
        _ => "What your company's sign-in sent could not be accepted.",
    }
}

/// Whether somebody else than the person has to do something before a second try is of use.
pub const fn asks_an_admin(cause: SignInCause) -> bool {
    use SignInCause as C;
    !matches!(cause, C::RequestUnknown | C::Expired | C::Replayed | C::OtherBrowser | C::ProviderSlow | C::Unsolicited)
}

pub const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Saml => "SAML 2.0",
        Protocol::Oidc => "OpenID Connect",
    }
}

/// What a claim is called on pages.
pub const fn claim(claim: IdentityClaim) -> &'static str {
    match claim {
        IdentityClaim::ObjectId => "Object ID",
        IdentityClaim::NameId => "Name ID",
        IdentityClaim::Subject => "Subject (sub)",
    }
}

pub const fn claim_help(claim: IdentityClaim, protocol: Protocol) -> &'static str {
    match (claim, protocol) {
        (IdentityClaim::ObjectId, _) => {
            "Entra's objectId, which never changes. Map objectId to externalId in Entra's provisioning, so that both say the same."
        }
        (IdentityClaim::NameId, _) => {
            "For other identity providers. It must be a persistent identifier that provisioning sends as externalId; never an email address, which changes hands."
        }
        (IdentityClaim::Subject, _) => {
            "For other identity providers, such as Okta, whose sub is what provisioning sends as externalId. Entra's differs for each application."
        }
    }
}

/// A setting's name, by its place in a fact.
pub fn setting(path: &str) -> Option<&'static str> {
    Some(match path {
        "name" => "name",
        "identity" => "how people are matched",
        "idp_initiated" => "sign-ins from the identity provider",
        "return_addresses" => "return addresses",
        "creates_people" => "adding people",
        "source" => "source of the metadata",
        "signs_requests" => "signed requests",
        "entity_id" => "entity ID",
        "sign_on_url" => "sign-on address",
        "certificates" => "certificates",
        "issuer" => "issuer",
        "client_id" => "client ID",
        _ => return None,
    })
}

/// What the link doctor says.
pub fn verdict(verdict: Verdict) -> Pill {
    match verdict {
        Verdict::Meets => Pill::new(Tone::Ok, Icon::Ok, "Linked"),
        Verdict::WouldMeet => Pill::new(Tone::Info, Icon::Ok, "Would link"),
        Verdict::KeptOut => Pill::new(Tone::Warn, Icon::Pause, "Kept out"),
        Verdict::WouldNotMeet => Pill::new(Tone::Bad, Icon::Bad, "Would not link"),
    }
}

/// One finding of the link doctor's, and what to do about it.
pub fn finding(finding: &Finding, now: Timestamp) -> Prose {
    match finding {
        Finding::SignedIn(at) => Prose::new("Signed in ").when(When::new(*at, now)).text("."),
        Finding::Fits => Prose::new("Nothing speaks against it. The first sign-in will tell."),
        Finding::NoExternalId => Prose::new("Provisioning sends no externalId for this person. Map ")
            .label("objectId")
            .text(" to ")
            .label("externalId")
            .text(" in Entra’s provisioning, matching precedence included."),
        Finding::NotAnObjectId(text) => {
            Prose::new(format!("The externalId is “{text}”, single sign-on will say an object ID. Map "))
                .label("objectId")
                .text(" to ")
                .label("externalId")
                .text(" in Entra’s provisioning; its default is mailNickname.")
        }
        Finding::Shared(people) => Prose::new(format!(
            "{people} people have the same externalId, so nobody can tell which of them signs in. Have provisioning send a different one for each."
        )),
        Finding::Differs(stranger) => Prose::new("Somebody with this user name was refused ")
            .when(When::new(stranger.at, now))
            .text(format!(": the identity provider said “{}”, which is not this person’s externalId.", stranger.key)),
        Finding::Inactive => Prose::new("The person is deactivated and cannot sign in."),
    }
}
