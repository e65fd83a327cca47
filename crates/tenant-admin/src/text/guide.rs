//! What the set-up guides say. Labels of other pages stand in asterisks, as they stand there.

use domain::provider::Provider;

use crate::pages::guide::steps::{Proof, Step};

pub const fn title(provider: Provider) -> &'static str {
    match provider {
        Provider::Entra => "Set up Microsoft Entra ID",
        Provider::Okta => "Set up Okta",
        Provider::Other => "Set up another provider",
    }
}

pub const fn name(provider: Provider) -> &'static str {
    match provider {
        Provider::Entra => "Microsoft Entra ID",
        Provider::Okta => "Okta",
        Provider::Other => "Another provider",
    }
}

pub const fn lead(provider: Provider) -> &'static str {
    match provider {
        Provider::Entra => "Ten minutes in the Entra admin center. We tick each step when we see it.",
        Provider::Okta => "Ten minutes in the Okta Admin Console. We tick each step when we see it.",
        Provider::Other => "Any client of SCIM 2.0 will do. We tick each step when we see it.",
    }
}

/// Where the steps are done.
pub const fn console(provider: Provider) -> Option<(&'static str, &'static str)> {
    match provider {
        Provider::Entra => Some(("https://entra.microsoft.com", "Open Entra admin center")),
        Provider::Okta | Provider::Other => None,
    }
}

pub const fn note(provider: Provider) -> &'static str {
    match provider {
        Provider::Entra => {
            "Look for a space or /Users at the end of Tenant URL, and paste the token again. Entra comes about every 40 minutes; Provision on demand does not wait."
        }
        Provider::Okta => {
            "Look for a space or /Users at the end of Base URL, and paste the token again without the word Bearer."
        }
        Provider::Other => {
            "The address takes no /Users at its end. The token goes into the header Authorization, after the word Bearer and one space."
        }
    }
}

pub const fn mapping_lead(provider: Provider) -> &'static str {
    match provider {
        Provider::Entra => {
            "Entra’s default, with one change: map objectId to externalId. The object id never changes and single sign-on sends the same, so a person who marries or moves stays the same account; mailNickname does change. A row is confirmed when the first value arrives."
        }
        Provider::Okta => "Okta’s default. A row is confirmed when the first value arrives.",
        Provider::Other => {
            "Standard attributes of SCIM 2.0. Send as externalId what never changes about a person. A row is confirmed when the first value arrives."
        }
    }
}

const fn step(name: &'static str, title: &'static str, text: &'static str, proof: Proof) -> Step {
    Step { name, title, text, proof }
}

pub const ENTRA: &[Step] = &[
    step("switch-on", "Turn provisioning on here", "That makes the two values beside this list.", Proof::SwitchedOn),
    step(
        "open",
        "Open Provisioning",
        "*Identity* › *Applications* › *Enterprise applications* › *{vendor}* › *Provisioning*.",
        Proof::Implied,
    ),
    step(
        "automatic",
        "Set Provisioning Mode to Automatic",
        "The form opens when you choose *Automatic*.",
        Proof::Implied,
    ),
    step(
        "paste",
        "Paste Tenant URL and Secret Token",
        "Under *Admin Credentials*. Both values are beside this list.",
        Proof::Authenticated,
    ),
    step(
        "test",
        "Press Test Connection",
        "Entra asks for a person who does not exist and gets an empty answer.",
        Proof::Searched,
    ),
    step(
        "save",
        "Fill in Notification Email, then Save",
        "A person or group who reads it. Tick *Send an email notification when a failure occurs*.",
        Proof::Tick,
    ),
    step(
        "user-mapping",
        "Check the user mapping",
        "*Mappings* › *Synchronize Microsoft Entra users to {vendor}*. Change one row: map *objectId* to *externalId*, so single sign-on finds the same person.",
        Proof::ObjectIds,
    ),
    step(
        "group-mapping",
        "Check the group mapping",
        "*Synchronize Microsoft Entra groups to {vendor}*: displayName and members. Nothing to change.",
        Proof::Implied,
    ),
    step(
        "assign",
        "Assign one or two people",
        "*Users and groups* › *Add user/group*. Start small. Groups inside groups are not followed.",
        Proof::Implied,
    ),
    step(
        "on-demand",
        "Try Provision on demand",
        "Pick one test person. The result shows in under 30 seconds.",
        Proof::UserCreated,
    ),
    step(
        "start",
        "Set Provisioning Status to On",
        "Choose *Scope*, then *Save*. The first sync starts within 40 minutes, and the next ones follow every 40 minutes.",
        Proof::FirstSync,
    ),
    step(
        "groups",
        "See the first group arrive",
        "Assign a group under *Users and groups*. It arrives with the next cycle.",
        Proof::GroupCreated,
    ),
    step(
        "members",
        "See its members join",
        "They follow the group, once they are here themselves.",
        Proof::MemberAdded,
    ),
    step(
        "disable",
        "Try what happens when somebody leaves",
        "Take a test person out of *Users and groups*. With the next cycle their account is disabled here.",
        Proof::UserDisabled,
    ),
];

pub const OKTA: &[Step] = &[
    step("switch-on", "Turn provisioning on here", "That makes the two values beside this list.", Proof::SwitchedOn),
    step(
        "open",
        "Open the app’s Provisioning tab",
        "*Applications* › *Applications* › *{vendor}* › *Provisioning* › *Integration*, then *Configure API Integration*. For an app of your own, choose *SCIM* under *General* › *App Settings* first.",
        Proof::Implied,
    ),
    step(
        "paste",
        "Paste Base URL and API Token",
        "Tick *Enable API integration*. Both values are beside this list. For an app of your own, the field is *SCIM connector base URL*, and *Authentication Mode* is *HTTP Header*.",
        Proof::Authenticated,
    ),
    step(
        "test",
        "Press Test API Credentials",
        "Okta looks up a person and gets an answer. Then press *Save*.",
        Proof::Searched,
    ),
    step(
        "to-app",
        "Turn on To App",
        "*Provisioning* › *To App* › *Edit*: enable *Create Users*, *Update User Attributes* and *Deactivate Users*.",
        Proof::Implied,
    ),
    step(
        "assign",
        "Assign one or two people",
        "*Assignments* › *Assign* › *Assign to People*. Start small. Okta sends them at once.",
        Proof::UserCreated,
    ),
    step(
        "push-groups",
        "Push a group",
        "*Push Groups* › *Push Groups* › *Find groups by name*. Assign its people to the app first.",
        Proof::GroupCreated,
    ),
    step("members", "See its members join", "They follow the group.", Proof::MemberAdded),
    step(
        "disable",
        "Try what happens when somebody leaves",
        "Take a test person out of *Assignments*. Their account is disabled here at once.",
        Proof::UserDisabled,
    ),
];

pub const OTHER: &[Step] = &[
    step("switch-on", "Turn provisioning on here", "That makes the two values beside this list.", Proof::SwitchedOn),
    step(
        "paste",
        "Enter the address and the token",
        "As a SCIM 2.0 endpoint with a bearer token. A client that prefers OAuth 2.0 client credentials can have those instead.",
        Proof::Authenticated,
    ),
    step(
        "search",
        "Let it look somebody up",
        "Most clients search by userName before they create anybody.",
        Proof::Searched,
    ),
    step("create", "Send one person", "Look at the result, then send everyone.", Proof::UserCreated),
    step("group", "Send one group", "With displayName, and members by their ids.", Proof::GroupCreated),
    step("members", "Add a member", "By PATCH, or by PUT with all members.", Proof::MemberAdded),
    step(
        "disable",
        "Disable one person",
        "Set active to false. That ends their access and keeps what is theirs.",
        Proof::UserDisabled,
    ),
];

/// Attribute, source, remark.
pub const fn mapping(provider: Provider) -> &'static [(&'static str, &'static str, &'static str)] {
    match provider {
        Provider::Entra => &[
            ("userName", "userPrincipalName", "matches people"),
            ("externalId", "objectId", "default is mailNickname; change it"),
            ("active", "Not([IsSoftDeleted])", ""),
            ("title", "jobTitle", ""),
            ("emails[type eq \"work\"].value", "mail", ""),
            ("name.givenName", "givenName", ""),
            ("name.familyName", "surname", ""),
            ("name.formatted", "Join(\" \", [givenName], [surname])", ""),
            ("phoneNumbers[type eq \"work\"].value", "telephoneNumber", ""),
            ("displayName", "displayName", "of groups"),
            ("members", "members", "of groups"),
        ],
        Provider::Okta => &[
            ("userName", "user.login", "matches people"),
            ("externalId", "user.id", "set by Okta"),
            ("active", "status of the assignment", ""),
            ("name.givenName", "user.firstName", ""),
            ("name.familyName", "user.lastName", ""),
            ("emails[type eq \"work\"].value", "user.email", ""),
            ("title", "user.title", ""),
            ("displayName", "group name", "of groups"),
            ("members", "group members", "of groups"),
        ],
        Provider::Other => &[
            ("userName", "what people sign in with", "unique"),
            ("externalId", "an id that never changes", ""),
            ("active", "whether they may sign in", ""),
            ("name.givenName", "first name", ""),
            ("name.familyName", "last name", ""),
            ("emails[type eq \"work\"].value", "work email", ""),
            ("displayName", "group name", "of groups"),
            ("members", "ids of people", "of groups"),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_guide_waits_for_is_what_the_log_looks_for() {
        for provider in [Provider::Entra, Provider::Okta, Provider::Other] {
            for (attribute, ..) in mapping(provider) {
                assert!(domain::activity::MAPPED.contains(attribute), "{attribute}");
            }
        }
    }
}
