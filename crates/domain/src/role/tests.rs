//! Rules over a small company: who gets what, and what is odd.

mod properties;

use std::collections::HashMap;

use uuid::Uuid;

use super::*;

const STAFF: ResourceId = group(1);
const ENGINEERS: ResourceId = group(2);
const BACKEND: ResourceId = group(3);
const GONE: ResourceId = group(9);
const ADA: ResourceId = ResourceId(Uuid::from_u128(101));
const BOB: ResourceId = ResourceId(Uuid::from_u128(102));
const CY: ResourceId = ResourceId(Uuid::from_u128(103));
const DEE: ResourceId = ResourceId(Uuid::from_u128(104));

const fn group(number: u128) -> ResourceId {
    ResourceId(Uuid::from_u128(number))
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn product() -> AppRoles {
    "Admin, Editor, Member".parse().unwrap()
}

fn rule(number: u128, group: GroupChoice, name: &str) -> RoleRule {
    RoleRule { id: RuleId(Uuid::from_u128(number)), group, role: role(name) }
}

fn seen(number: u128, group: ResourceId, name: &str) -> RoleRule {
    rule(number, GroupChoice::Seen(group), name)
}

fn named(number: u128, group: &str, name: &str) -> RoleRule {
    rule(number, GroupChoice::named(group).unwrap(), name)
}

fn rules(rules: Vec<RoleRule>, fallback: Option<&str>) -> RoleRules {
    RoleRules { rules, fallback: fallback.map(role) }
}

fn called(id: ResourceId, name: &str) -> NamedGroup {
    NamedGroup { id, name: Some(name.to_owned()) }
}

/// Backend is in Engineers; Ada is in Engineers, Bob in Backend, Cy in Staff and Backend, Dee in nothing.
fn company() -> (Groups, HashMap<ResourceId, Vec<ResourceId>>) {
    let all = [called(STAFF, "Staff"), called(ENGINEERS, "Engineers"), called(BACKEND, "Backend")];
    let groups = Groups::new(all, [(ENGINEERS, vec![called(BACKEND, "Backend")])]);
    let people = HashMap::from([(STAFF, vec![CY]), (ENGINEERS, vec![ADA]), (BACKEND, vec![BOB, CY])]);
    (groups, people)
}

fn verdicts(rules: &RoleRules, known: &AppRoles) -> [RoleVerdict; 4] {
    let (groups, people) = company();
    let assignment = Assignment::of(rules, known, &groups, &people);
    [ADA, BOB, CY, DEE].map(|person| assignment.verdict(person, &groups))
}

fn names(verdicts: &[RoleVerdict]) -> Vec<Option<&str>> {
    verdicts.iter().map(|verdict| verdict.role.as_ref().map(RoleName::as_str)).collect()
}

#[test]
fn a_list_of_roles_holds_each_once() {
    assert_eq!(product().all(), [role("Admin"), role("Editor"), role("Member")]);
    assert_eq!(AppRoles::default(), "Admin,Member".parse().unwrap());
    assert_eq!(product().find(&role("eDITOR")), Some(&role("Editor")));
    let many = |count: usize| (0..count).map(|each| format!("r{each}")).collect::<Vec<_>>().join(",");
    assert!(many(MAX_ROLES).parse::<AppRoles>().is_ok());
    for bad in ["", " ", "Admin,", "Admin,admin", "a\u{0}", &"x".repeat(61), &many(MAX_ROLES + 1)] {
        assert!(bad.parse::<AppRoles>().is_err(), "{bad}");
    }
    assert!("a,b".parse::<RoleName>().is_err());
}

#[test]
fn the_first_rule_that_is_about_somebody_decides() {
    let all = [seen(1, ENGINEERS, "Admin"), seen(2, STAFF, "Editor")];
    let found = verdicts(&rules(all.to_vec(), Some("Member")), &product());
    assert_eq!(names(&found), [Some("Admin"), Some("Admin"), Some("Admin"), Some("Member")]);
    let [one, other] = all;
    let turned = verdicts(&rules(vec![other, one], Some("Member")), &product());
    assert_eq!(names(&turned), [Some("Admin"), Some("Admin"), Some("Editor"), Some("Member")]);
}

#[test]
fn a_role_comes_with_its_reason() {
    let [ada, bob, cy, dee] =
        verdicts(&rules(vec![seen(1, STAFF, "Editor"), seen(2, ENGINEERS, "Admin")], None), &product());
    let by = |number, group, through| RoleReason::Rule {
        id: RuleId(Uuid::from_u128(number as u128)),
        number,
        group,
        through,
    };
    assert_eq!(ada.reason, by(2, called(ENGINEERS, "Engineers"), None));
    assert_eq!(bob.reason, by(2, called(ENGINEERS, "Engineers"), Some(called(BACKEND, "Backend"))));
    assert_eq!(cy.reason, by(1, called(STAFF, "Staff"), None));
    assert_eq!(dee, RoleVerdict { role: None, reason: RoleReason::NoRule, withdrawn: None });
    let [.., dee] = verdicts(&rules(Vec::new(), Some("member")), &product());
    assert_eq!(dee, RoleVerdict { role: Some(role("Member")), reason: RoleReason::Fallback, withdrawn: None });
}

#[test]
fn a_name_stands_for_every_group_that_has_it_whatever_its_case() {
    let (_, people) = company();
    let twice = Groups::new([called(STAFF, "Straße"), called(ENGINEERS, "STRASSE"), called(BACKEND, "Backend")], []);
    let rules = rules(vec![named(1, " strasse ", "Admin"), named(2, "later", "Editor")], None);
    let known = product();
    let assignment = Assignment::of(&rules, &known, &twice, &people);
    let found: Vec<_> = [ADA, BOB, CY].map(|person| assignment.verdict(person, &twice).role.is_some()).into();
    assert_eq!(found, [true, false, true]);
}

#[test]
fn whoever_is_in_a_rules_group_directly_is_told_so() {
    // Cy is in Engineers by way of Backend, and Backend is the rule's group as well.
    let groups =
        Groups::new([called(ENGINEERS, "Team"), called(BACKEND, "Team")], [(ENGINEERS, vec![called(BACKEND, "Team")])]);
    let rules = rules(vec![named(1, "team", "Admin")], None);
    let people = HashMap::from([(BACKEND, vec![CY])]);
    let verdict = Assignment::of(&rules, &AppRoles::default(), &groups, &people).verdict(CY, &groups);
    let RoleReason::Rule { group, through, .. } = verdict.reason else { panic!("a rule") };
    assert_eq!((group.id, through), (BACKEND, None));
}

#[test]
fn a_role_that_is_no_more_gives_nothing_and_lets_nobody_fall_to_a_later_rule() {
    let withdrawn = rules(vec![seen(1, ENGINEERS, "Guest"), seen(2, STAFF, "Admin")], Some("Member"));
    let found = verdicts(&withdrawn, &product());
    assert_eq!(names(&found), [None, None, None, Some("Member")]);
    assert_eq!(found[2].withdrawn, Some(role("Guest")));
    let [.., dee] = verdicts(&rules(Vec::new(), Some("Guest")), &product());
    assert_eq!((dee.role, dee.reason, dee.withdrawn), (None, RoleReason::Fallback, Some(role("Guest"))));
}

#[test]
fn a_deleted_group_is_about_nobody() {
    let found = verdicts(&rules(vec![seen(1, GONE, "Admin"), seen(2, STAFF, "Editor")], None), &product());
    assert_eq!(names(&found), [None, None, Some("Editor"), None]);
}

#[test]
fn groups_in_a_circle_are_walked_once() {
    let groups = Groups::new(
        [called(STAFF, "Staff"), called(ENGINEERS, "Engineers")],
        [(STAFF, vec![called(ENGINEERS, "Engineers")]), (ENGINEERS, vec![called(STAFF, "Staff")])],
    );
    assert_eq!(groups.within(STAFF).into_iter().collect::<Vec<_>>(), [ENGINEERS]);
}

#[test]
fn a_comparison_tells_who_goes_from_what_to_what() {
    let (groups, people) = company();
    let known = product();
    let before = rules(vec![seen(1, STAFF, "Admin")], None);
    let after = rules(vec![seen(2, ENGINEERS, "Admin")], Some("Member"));
    let (old, new) =
        (Assignment::of(&before, &known, &groups, &people), Assignment::of(&after, &known, &groups, &people));
    let comparison = Comparison::of(&old, &new, 10);
    let shift = |to: &str, people| Shift { from: None, to: Some(role(to)), people };
    assert_eq!(comparison.shifts, [shift("Member", 7), shift("Admin", 2)]);
    assert_eq!((comparison.people(), comparison.others_move), (9, true));
    assert_eq!((comparison.moved, comparison.stayed), (vec![ADA, BOB], vec![CY]));
    assert_eq!(Comparison::of(&old, &old, 10).shifts, []);
}

#[test]
fn rules_that_decide_nothing_are_warned_about() {
    let (groups, _) = company();
    let all = vec![
        named(1, "Later", "Admin"),
        seen(2, ENGINEERS, "Admin"),
        seen(3, STAFF, "Guest"),
        seen(4, BACKEND, "Member"),
        named(5, "engineers", "Member"),
        seen(6, GONE, "Member"),
        named(7, "LATER", "Member"),
        seen(8, ENGINEERS, "Admin"),
    ];
    let sizes = HashMap::from([(STAFF, LARGE + 1), (ENGINEERS, LARGE)]);
    let found = warnings(&all, &product(), &groups, &sizes);
    let expected = [
        vec![],
        vec![],
        vec![Warning::Large, Warning::UnknownRole],
        vec![Warning::Shadowed(vec![2])],
        vec![Warning::Shadowed(vec![2])],
        vec![Warning::GroupDeleted],
        vec![Warning::Shadowed(vec![1])],
        vec![Warning::Shadowed(vec![2])],
    ];
    assert_eq!(found, expected);
}

#[test]
fn rules_are_not_too_many_and_each_is_there_once() {
    let many = |count: usize| rules((0..count).map(|each| named(each as u128, "x", "Admin")).collect(), None);
    assert!(many(MAX_RULES).check().is_ok());
    assert_eq!(many(MAX_RULES + 1).check().unwrap_err(), "101 rules are too many; there may be 100");
    assert!(rules(vec![named(1, "x", "Admin"), named(1, "y", "Admin")], None).check().is_err());
    assert!(GroupChoice::named("  ").is_err() && GroupChoice::named(&"x".repeat(201)).is_err());
}
