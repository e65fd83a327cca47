//! Sentences by the facts that they are for.

use domain::choices::{HeadCount, People, SwitchedOff};
use domain::directory::Kind;
use domain::ids::{CredentialId, RuleId};
use domain::journal::{Fact, Subject};
use domain::role::{GroupChoice, Groups, RoleRule, RoleRules};
use domain::tenant::{DirectoryRules, ProvisioningState, TenantStatus};
use domain::timestamp::Timestamp;
use serde_json::json;

use super::*;

const ADA: ResourceId = ResourceId(Uuid::from_u128(1));
const BOB: ResourceId = ResourceId(Uuid::from_u128(2));
const GONE: ResourceId = ResourceId(Uuid::from_u128(3));
const EDITORS: ResourceId = ResourceId(Uuid::from_u128(4));
const TOKEN: CredentialId = CredentialId(Uuid::from_u128(5));

fn names() -> Names {
    let name = |id: ResourceId, name: &str| (id, name.to_owned());
    Names {
        resources: HashMap::from([name(ADA, "Ana Ruiz"), name(BOB, "Bob"), name(EDITORS, "Editors")]),
        others: HashMap::from([(TOKEN.0, "entra-2026".to_owned())]),
    }
}

pub(super) fn entry(fact: &Fact) -> Entry {
    Entry {
        number: 1,
        at: Timestamp::from_micros(0),
        what: fact.what.as_str().to_owned(),
        subject_kind: fact.subject.kind().to_owned(),
        subject_id: fact.subject.id(),
        actor_kind: "token".to_owned(),
        actor_id: Some(TOKEN.to_string()),
        request_id: String::new(),
        payload: Some(fact.payload.clone()),
    }
}

fn said(what: What, subject: Subject, payload: Value) -> String {
    sentence(&entry(&Fact { what, subject, payload }), &names())
}

#[test]
fn what_happens_to_people_and_groups_is_said() {
    let of = |id: ResourceId| Subject::Resource(Kind::USER, id);
    let group = || Subject::Resource(Kind::GROUP, EDITORS);
    for (what, subject, payload, expected) in [
        (What::Created, of(ADA), json!({"after": {"userName": "ana"}}), "Created Ana Ruiz"),
        (What::Created, of(GONE), json!({"after": {"userName": "cy", "displayName": "Cy"}}), "Created Cy"),
        (What::Patched, of(ADA), json!({"after": {"title": "x"}}), "Changed title of Ana Ruiz"),
        (What::Replaced, of(ADA), json!({"after": {"title": "x", "locale": "fi"}}), "Changed 2 attributes of Ana Ruiz"),
        (What::Patched, of(ADA), json!({"before": {"active": true}, "after": {"active": false}}), "Disabled Ana Ruiz"),
        (
            What::Patched,
            of(ADA),
            json!({"before": {"active": false}, "after": {"active": true, "title": "x"}}),
            "Enabled Ana Ruiz and changed title",
        ),
        (What::Patched, of(ADA), json!({"password_changed": true}), "Set a password for Ana Ruiz"),
        (
            What::Patched,
            of(ADA),
            json!({"ignored": ["shoeSize"]}),
            "Sent shoeSize for Ana Ruiz, which is not kept here",
        ),
        (What::Deleted, of(GONE), json!({"before": {"userName": "cy"}}), "Deleted cy"),
        (
            What::Created,
            group(),
            json!({"after": {"displayName": "Editors"}, "members_added": [ADA.to_string(), BOB.to_string()]}),
            "Created group Editors with 2 members",
        ),
        (What::Patched, group(), json!({"members_added": [ADA.to_string()]}), "Added Ana Ruiz to Editors"),
        (
            What::Patched,
            group(),
            json!({"members_removed": [GONE.to_string()]}),
            "Removed somebody who is gone from Editors",
        ),
        (
            What::Patched,
            group(),
            json!({"members_added": [ADA.to_string(), BOB.to_string()], "members_removed": [BOB.to_string()]}),
            "Added 2 members to Editors and removed Bob",
        ),
        (
            What::Patched,
            group(),
            json!({"before": {"displayName": "Old"}, "after": {"displayName": "Editors"}}),
            "Changed display name of group Editors",
        ),
        (What::Erased, of(GONE), json!({}), "Erased what the journal said of somebody who was deleted"),
    ] {
        assert_eq!(said(what, subject, payload.clone()), expected, "{payload}");
    }
}

#[test]
fn what_happens_to_the_workspace_and_its_tokens_is_said() {
    use ProvisioningState::{Off, On, Paused};
    let off = SwitchedOff { people: People::Keep, count: HeadCount { active: 9, inactive: 1 } };
    let rules = DirectoryRules::default();
    let strict = DirectoryRules { strict: !rules.strict, ..rules };
    let declared = json!({"extension": {"extends": "User", "schema": {"id": "urn:x", "name": "Badge"}}});
    let token = || Subject::Token(TOKEN);
    let after = |value: Value| json!({"after": value});
    for (fact, expected) in [
        (Fact::status_changed(TenantStatus::Active, TenantStatus::Suspended), "Suspended the workspace"),
        (Fact::status_changed(TenantStatus::Suspended, TenantStatus::Active), "Ended the suspension of the workspace"),
        (Fact::provisioning_changed(Off, On, None), "Switched user provisioning on"),
        (Fact::provisioning_changed(On, Paused, None), "Paused user provisioning"),
        (Fact::provisioning_changed(Paused, On, None), "Resumed user provisioning"),
        (Fact::provisioning_changed(On, Off, Some(&off)), "Switched user provisioning off and kept 9 people"),
        (
            Fact::rules_changed(rules, strict),
            "Changed the rules of the directory: PATCH requests are taken by the letter",
        ),
        (
            Fact { what: What::Declared, subject: Subject::Tenant, payload: after(json!({"declaration": declared})) },
            "Declared the schema Badge",
        ),
        (
            Fact {
                what: What::Created,
                subject: token(),
                payload: after(json!({"label": "old", "last_four": "4f1b"})),
            },
            "Created token entra-2026 (…4f1b)",
        ),
        (
            Fact { what: What::Revoked, subject: token(), payload: json!({"before": {"label": "old"}}) },
            "Revoked token entra-2026",
        ),
        (
            Fact { what: What::SecretCreated, subject: token(), payload: after(json!({"last_four": "4f1b"})) },
            "Created a secret …4f1b of token entra-2026",
        ),
        (
            Fact { what: What::Created, subject: Subject::Tenant, payload: after(json!({"slug": "acme"})) },
            "Created the workspace",
        ),
    ] {
        assert_eq!(sentence(&entry(&fact), &names()), expected, "{fact:?}");
    }
}

#[test]
fn what_a_newer_version_tells_is_said_in_its_own_words() {
    let told = |what: &str, subject_kind: &str| {
        let fact = Fact { what: What::Created, subject: Subject::Token(TOKEN), payload: json!({}) };
        let told = Entry { what: what.to_owned(), subject_kind: subject_kind.to_owned(), ..entry(&fact) };
        sentence(&told, &names())
    };
    assert_eq!(told("signed_in", "Admin"), "Signed in: admin entra-2026");
    assert_eq!(told("mail_changed", "Tenant"), "Mail changed");
}

#[test]
fn whoever_did_it_is_named() {
    let by = |kind: &str, id: Option<&str>| {
        let fact = Fact { what: What::Created, subject: Subject::Tenant, payload: json!({}) };
        let id = id.map(ToOwned::to_owned);
        actor(&Entry { actor_kind: kind.to_owned(), actor_id: id, ..entry(&fact) }, &names())
    };
    let known = TOKEN.to_string();
    assert_eq!(by("token", Some(&known)), "Token entra-2026");
    assert_eq!(by("admin", Some("gone")), "An admin who was removed");
    assert_eq!(by("operator", None), "Support");
    assert_eq!(by("night_watch", None), "Night watch");
}

#[test]
fn what_was_erased_is_said_without_values() {
    let fact = Fact { what: What::Patched, subject: Subject::Resource(Kind::USER, GONE), payload: json!({}) };
    let told = Entry { payload: None, ..entry(&fact) };
    assert_eq!(sentence(&told, &names()), "Changed somebody; the values were erased");
}

#[test]
fn changed_rules_of_roles_are_said() {
    let rule = |number: u128, name: &str| RoleRule {
        id: RuleId(Uuid::from_u128(number)),
        group: GroupChoice::Named(name.to_owned()),
        role: "Admin".parse().unwrap(),
    };
    let rules = |rules: Vec<RoleRule>, fallback: Option<&str>| RoleRules {
        rules,
        fallback: fallback.map(|name| name.parse().unwrap()),
    };
    let (none, one) = (rules(vec![], None), rules(vec![rule(1, "Sales")], None));
    let two = rules(vec![rule(1, "Sales"), rule(2, "Staff")], Some("Member"));
    let turned = rules(vec![rule(2, "Staff"), rule(1, "Sales")], Some("Member"));
    for (before, after, expected) in [
        (&none, &one, "now 1 rule"),
        (&one, &two, "now 2 rules; everybody else: Member"),
        (&two, &turned, "changed rules or their order"),
        (&two, &none, "removed all rules; everybody else: no role"),
    ] {
        let fact = Fact::role_rules_changed(before, after, &Groups::default());
        let expected = format!("Changed which groups give which role: {expected}");
        assert_eq!(sentence(&entry(&fact), &names()), expected);
    }
    let fact = Fact::role_rules_changed(&one, &two, &Groups::default());
    let labels: Vec<_> =
        entry(&fact).differences().iter().map(|it| attributes::label(&it.path, it.kind.as_deref())).collect();
    assert_eq!(labels, ["Rule 2, groups named", "Rule 2, role", "Role of everybody else"]);
}

#[test]
fn what_is_taken_away_is_said() {
    for (fact, expected) in [
        (Fact::exported("people", "csv", ""), "Exported the people of the directory as CSV"),
        (Fact::exported("activity", "ndjson", "outcome=failed"), "Exported the activity log, filtered, as NDJSON"),
    ] {
        assert_eq!(sentence(&entry(&fact), &names()), expected);
    }
}
