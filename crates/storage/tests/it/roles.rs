//! By which rules people get their roles: kept, carried out as the directory is, and never saved over somebody else's.

use std::collections::HashMap;

use domain::Error;
use domain::context::{Actor, OpContext};
use domain::directory::Kind;
use domain::ids::{ResourceId, RuleId};
use domain::ops::{Counted, Moved, Preview};
use domain::role::{
    GroupChoice, NamedGroup, RoleName, RoleReason, RoleRule, RoleRules, RoleVerdict, Shift, StoredRules, Warning,
};
use domain::store::{Among, Store as _};
use domain::tenant::Tenant;
use domain::who::{Mark, Who};
use futures_util::future::join_all;
use serde_json::json;
use testkit::{World, on_both_databases};
use uuid::Uuid;

use crate::raw::{self, Raw};

on_both_databases! { World:
    a_new_tenant_has_no_rules,
    rules_are_kept_in_their_order_and_told,
    rules_that_change_nothing_are_no_change,
    who_saves_over_somebody_else_is_told_who_that_was,
    of_many_who_save_what_they_saw_one_does,
    a_new_rule_needs_a_group_and_a_role_that_there_are,
    what_was_saved_may_stay_when_its_group_is_gone,
    somebody_has_the_role_of_the_first_rule_that_is_about_them,
    a_name_matches_groups_that_come_later,
    who_is_disabled_has_a_role,
    a_preview_tells_who_changes_as_asking_each_of_them_does,
    a_preview_names_the_first_twenty_by_name,
    a_preview_of_a_fallback_is_about_everybody_else,
    a_rule_is_looked_at_with_its_groups_and_what_is_odd,
    a_group_knows_the_rules_that_are_about_it,
    groups_are_found_by_id_and_by_name,
    groups_below_are_found_at_any_depth,
    people_come_by_name_and_those_without_last,
    another_tenants_groups_and_people_are_not_there,
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn operator(world: &World, tenant: &Tenant) -> OpContext {
    OpContext { actor: Actor::Operator, ..world.cx(tenant) }
}

fn seen(world: &World, cx: &OpContext, group: ResourceId, name: &str) -> RoleRule {
    world.roles.new_rule(cx, GroupChoice::Seen(group), role(name))
}

fn named(world: &World, cx: &OpContext, group: &str, name: &str) -> RoleRule {
    world.roles.new_rule(cx, GroupChoice::named(group).unwrap(), role(name))
}

fn rules(rules: Vec<RoleRule>, fallback: Option<&str>) -> RoleRules {
    RoleRules { rules, fallback: fallback.map(role) }
}

async fn stored(world: &World, tenant: &Tenant) -> StoredRules {
    world.roles.rules(&tenant.scope()).await.unwrap()
}

async fn save(world: &World, cx: &OpContext, rules: &RoleRules) -> StoredRules {
    let version = world.roles.rules(&cx.scope).await.unwrap().version;
    world.roles.save(cx, version, rules).await.unwrap()
}

/// Backend is in Engineers; Ada is in Engineers, Bob in Backend, Cy in Staff, Dee in nothing.
struct Company {
    tenant: Tenant,
    cx: OpContext,
    people: [ResourceId; 4],
    staff: ResourceId,
    engineers: ResourceId,
    backend: ResourceId,
}

async fn company(world: &World, slug: &str) -> Company {
    let tenant = world.tenant(slug).await;
    let cx = operator(world, &tenant);
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Cy", "Dee"] {
        let document = json!({"userName": name.to_lowercase(), "displayName": name});
        people.push(world.create(&cx, &Kind::USER, document).await.unwrap().stored.id);
    }
    let people: [ResourceId; 4] = people.try_into().unwrap();
    let [ada, bob, cy, _] = people;
    let backend = world.group(&cx, "Backend", &[bob]).await.stored.id;
    let engineers = world.group(&cx, "Engineers", &[ada, backend]).await.stored.id;
    let staff = world.group(&cx, "Staff", &[cy]).await.stored.id;
    Company { tenant, cx, people, staff, engineers, backend }
}

impl Company {
    async fn verdicts(&self, world: &World) -> Vec<RoleVerdict> {
        let mut found = Vec::new();
        for person in self.people {
            found.push(world.roles.of_person(&self.cx.scope, person).await.unwrap().unwrap());
        }
        found
    }

    async fn names(&self, world: &World) -> Vec<Option<String>> {
        self.verdicts(world).await.into_iter().map(|verdict| verdict.role.map(|role| role.to_string())).collect()
    }

    async fn preview(&self, world: &World, rules: &RoleRules) -> Preview {
        world.roles.preview(&self.cx.scope, rules).await.unwrap()
    }
}

fn some(names: [&str; 4]) -> Vec<Option<String>> {
    names.map(|name| Some(name).filter(|name| !name.is_empty()).map(str::to_owned)).into()
}

fn called(id: ResourceId, name: &str) -> NamedGroup {
    NamedGroup { id, name: Some(name.to_owned()) }
}

async fn a_new_tenant_has_no_rules(world: &World) {
    let company = company(world, "acme").await;
    assert_eq!(stored(world, &company.tenant).await, StoredRules::default());
    let verdict = RoleVerdict { role: None, reason: RoleReason::NoRule, withdrawn: None };
    assert_eq!(company.verdicts(world).await, vec![verdict; 4]);
    let nobody = ResourceId(Uuid::from_u128(7));
    assert_eq!(world.roles.of_person(&company.cx.scope, nobody).await.unwrap(), None);
    assert_eq!(world.roles.of_person(&company.cx.scope, company.staff).await.unwrap(), None, "a group is no person");
}

async fn rules_are_kept_in_their_order_and_told(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let first = rules(
        vec![seen(world, cx, company.engineers, "admin"), named(world, cx, "Größe \"x\"", "Member")],
        Some("MEMBER"),
    );
    let saved = save(world, cx, &first).await;
    let changed = Some(Mark { at: cx.now, by: Who { kind: "operator".to_owned(), name: None } });
    assert_eq!((saved.version, saved.changed.clone()), (1, changed));
    assert_eq!(saved.rules.rules[0].role.as_str(), "Admin", "as the vendor spells it");
    assert_eq!(saved.rules.fallback, Some(role("Member")));
    assert_eq!(stored(world, &company.tenant).await, saved);

    let mut turned = saved.rules.clone();
    turned.rules.reverse();
    let saved = save(world, cx, &turned).await;
    assert_eq!((saved.version, saved.rules.clone()), (2, turned));
    assert_eq!(stored(world, &company.tenant).await, saved);

    let told = raw::facts(world, &company.tenant).await;
    let told: Vec<_> = told.iter().filter(|fact| fact.what == "role_rules_changed").collect();
    assert_eq!((told.len(), told[0].subject_kind.as_str(), told[0].actor_kind.as_str()), (2, "Tenant", "operator"));
    let engineers = json!({"group": "Engineers", "group_id": company.engineers.to_string(), "role": "Admin"});
    let size = json!({"groups_named": "Größe \"x\"", "role": "Member"});
    assert_eq!(
        told[0].payload(),
        json!({
            "before": {"rules": {}, "fallback": null},
            "after": {"rules": {"1": engineers, "2": size}, "fallback": "Member"},
        })
    );
    assert_eq!(told[1].payload()["after"]["rules"], json!({"1": size, "2": engineers}));
}

async fn rules_that_change_nothing_are_no_change(world: &World) {
    let company = company(world, "acme").await;
    let saved = save(world, &company.cx, &rules(vec![seen(world, &company.cx, company.staff, "Admin")], None)).await;
    let raw = Raw::of(world).await;
    let before = raw.dump(&company.tenant).await;
    assert_eq!(save(world, &company.cx, &saved.rules).await, saved);
    assert_eq!(raw.dump(&company.tenant).await, before);
}

async fn who_saves_over_somebody_else_is_told_who_that_was(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let mine = rules(Vec::new(), Some("Member"));
    let theirs = rules(Vec::new(), Some("Admin"));
    world.roles.save(cx, 0, &theirs).await.unwrap();
    let refused = world.roles.save(cx, 0, &mine).await.unwrap_err();
    let Error::Outdated(Some(mark)) = refused else { panic!("{refused:?}") };
    assert_eq!(mark.by.kind, "operator");
    assert_eq!(stored(world, &company.tenant).await.rules, theirs);
    assert!(matches!(world.roles.save(cx, 7, &mine).await, Err(Error::Outdated(_))), "a version that is not yet");
    world.roles.save(cx, 1, &mine).await.unwrap();
    assert_eq!(stored(world, &company.tenant).await.rules, mine);
}

async fn of_many_who_save_what_they_saw_one_does(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    for round in 0..3 {
        let fallback = Some(if round % 2 == 0 { "Admin" } else { "Member" });
        let each = |number: u128| {
            let id = RuleId(Uuid::from_u128(number));
            rules(vec![RoleRule { id, group: GroupChoice::Named(number.to_string()), role: role("Admin") }], fallback)
        };
        let many: Vec<RoleRules> = (1..=8).map(each).collect();
        let done = join_all(many.iter().map(|rules| world.roles.save(cx, round, rules))).await;
        let (good, bad): (Vec<_>, Vec<_>) = done.into_iter().partition(Result::is_ok);
        assert_eq!((good.len(), bad.len()), (1, 7));
        assert!(bad.iter().all(|refused| matches!(refused, Err(Error::Outdated(Some(_))))), "{bad:?}");
        assert_eq!(stored(world, &company.tenant).await, *good[0].as_ref().unwrap());
    }
}

async fn a_new_rule_needs_a_group_and_a_role_that_there_are(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let gone = ResourceId(Uuid::from_u128(7));
    let one = named(world, cx, "x", "Admin");
    for (bad, why) in [
        (rules(vec![one.clone(), seen(world, cx, gone, "Admin")], None), "the group of rule 2 is not in the directory"),
        (rules(vec![seen(world, cx, company.people[0], "Admin")], None), "the group of rule 1 is not in the directory"),
        (rules(vec![seen(world, cx, company.staff, "Guest")], None), "there is no role \"Guest\""),
        (rules(Vec::new(), Some("Guest")), "there is no role \"Guest\""),
        (rules(vec![one; 2], None), "a rule stands there twice"),
        (rules((0..101).map(|_| named(world, cx, "x", "Admin")).collect(), None), "101 rules are too many"),
    ] {
        let refused = world.roles.save(cx, 0, &bad).await.unwrap_err();
        assert!(matches!(&refused, Error::NotAllowed(text) if text.starts_with(why)), "{refused:?}");
    }
    assert_eq!(stored(world, &company.tenant).await, StoredRules::default());
}

async fn what_was_saved_may_stay_when_its_group_is_gone(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let saved = save(world, cx, &rules(vec![seen(world, cx, company.staff, "Admin")], None)).await;
    let staff = world.provisioning.get(cx, &target(company.staff), domain::ops::Show::Related).await.unwrap();
    world.delete(cx, &staff).await.unwrap();
    let views = world.roles.look(&cx.scope, &saved.rules).await.unwrap();
    assert_eq!((views[0].groups.len(), views[0].warnings.clone()), (0, vec![Warning::GroupDeleted]));
    world.number_facts().await;
    let views = world.roles.look(&cx.scope, &saved.rules).await.unwrap();
    assert_eq!(views[0].last_name.as_deref(), Some("Staff"));
    assert_eq!(company.names(world).await, some(["", "", "", ""]));
    let kept = RoleRules { fallback: Some(role("Member")), ..saved.rules.clone() };
    assert_eq!(save(world, cx, &kept).await.rules, kept);
    // But no other rule may be made of it.
    let other = rules(vec![seen(world, cx, company.staff, "Member")], None);
    assert!(matches!(world.roles.save(cx, 2, &other).await, Err(Error::NotAllowed(_))));
}

fn target(id: ResourceId) -> domain::ops::Target {
    domain::ops::Target { kind: Kind::GROUP, id }
}

async fn somebody_has_the_role_of_the_first_rule_that_is_about_them(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let all = vec![seen(world, cx, company.staff, "Member"), seen(world, cx, company.engineers, "Admin")];
    let id = all[1].id;
    save(world, cx, &rules(all, Some("Member"))).await;
    assert_eq!(company.names(world).await, some(["Admin", "Admin", "Member", "Member"]));
    let [ada, bob, _, dee] = company.verdicts(world).await.try_into().unwrap();
    let by = |through| RoleReason::Rule { id, number: 2, group: called(company.engineers, "Engineers"), through };
    assert_eq!((ada.reason, bob.reason), (by(None), by(Some(called(company.backend, "Backend")))));
    assert_eq!(dee.reason, RoleReason::Fallback);
}

async fn a_name_matches_groups_that_come_later(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    save(world, cx, &rules(vec![named(world, cx, "STRASSE", "Admin")], None)).await;
    assert_eq!(company.names(world).await, some(["", "", "", ""]));
    world.group(cx, "Straße", &[company.people[3]]).await;
    assert_eq!(company.names(world).await, some(["", "", "", "Admin"]));
    // A second one of the same name, which the first group's people are in by way of a third.
    world.group(cx, "strasse", &[company.engineers]).await;
    assert_eq!(company.names(world).await, some(["Admin", "Admin", "", "Admin"]));
}

async fn who_is_disabled_has_a_role(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let document = json!({"userName": "eve", "active": false});
    let eve = world.create(cx, &Kind::USER, document).await.unwrap().stored.id;
    save(world, cx, &rules(Vec::new(), Some("Member"))).await;
    let verdict = world.roles.of_person(&cx.scope, eve).await.unwrap().unwrap();
    assert_eq!(verdict.role, Some(role("Member")));
}

/// What the preview says, held against the roles of each person before and after.
async fn a_preview_tells_who_changes_as_asking_each_of_them_does(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let by_group = |group, name| seen(world, cx, group, name);
    let steps = [
        rules(vec![by_group(company.engineers, "Admin")], None),
        rules(vec![by_group(company.backend, "Member"), by_group(company.engineers, "Admin")], None),
        rules(vec![named(world, cx, "staff", "Admin"), by_group(company.backend, "Member")], Some("Member")),
        rules(vec![by_group(company.staff, "Admin")], Some("Member")),
        rules(Vec::new(), None),
    ];
    for step in steps {
        let before = company.verdicts(world).await;
        let preview = company.preview(world, &step).await;
        save(world, cx, &step).await;
        let after = company.verdicts(world).await;
        let mut shifts: HashMap<_, u64> = HashMap::new();
        let mut moved = Vec::new();
        for ((name, id), (before, after)) in
            ["Ada", "Bob", "Cy", "Dee"].into_iter().zip(company.people).zip(before.into_iter().zip(after))
        {
            if before.role != after.role {
                *shifts.entry((before.role.clone(), after.role.clone())).or_default() += 1;
                moved.push(Moved { id, name: name.to_owned(), before, after });
            }
        }
        assert_eq!(preview.first, moved, "{step:?}");
        assert_eq!((preview.people, preview.total), (moved.len() as u64, 4));
        let told: HashMap<_, _> = preview.shifts.into_iter().map(|it| ((it.from, it.to), it.people)).collect();
        assert_eq!(told, shifts);
    }
}

async fn a_preview_names_the_first_twenty_by_name(world: &World) {
    let tenant = world.tenant("acme").await;
    let cx = operator(world, &tenant);
    let mut ids = Vec::new();
    // Made in another order than that of their names.
    for number in [7, 3, 9, 1, 5, 8, 2, 6, 4, 0] {
        for each in number * 10..number * 10 + 3 {
            let document = json!({"userName": format!("u{each}"), "displayName": format!("Person {each:03}")});
            ids.push(world.create(&cx, &Kind::USER, document).await.unwrap().stored.id);
        }
    }
    let group = world.group(&cx, "All", &ids).await.stored.id;
    let preview = world.roles.preview(&cx.scope, &rules(vec![seen(world, &cx, group, "Admin")], None)).await.unwrap();
    assert_eq!((preview.people, preview.first.len()), (30, 20));
    let names: Vec<_> = preview.first.iter().map(|moved| moved.name.as_str()).collect();
    assert!(names.is_sorted() && names[0] == "Person 000" && names[19] == "Person 061", "{names:?}");
}

async fn a_preview_of_a_fallback_is_about_everybody_else(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    Raw::of(world).await.make_users(&company.tenant, 50).await;
    save(world, cx, &rules(vec![seen(world, cx, company.engineers, "Member")], None)).await;
    let saved = stored(world, &company.tenant).await.rules;
    let preview = company.preview(world, &RoleRules { fallback: Some(role("Member")), ..saved }).await;
    assert_eq!(preview.shifts, [Shift { from: None, to: Some(role("Member")), people: 52 }]);
    assert_eq!((preview.people, preview.total), (52, 54));
    // Those who have a display name come first, and those whom a rule is about do not change.
    let names: Vec<_> = preview.first.iter().map(|moved| moved.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[1], names[2]), (20, "Cy", "Dee", "user-1"));
}

async fn a_rule_is_looked_at_with_its_groups_and_what_is_odd(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let all = rules(
        vec![
            seen(world, cx, company.engineers, "Admin"),
            named(world, cx, "backend", "Member"),
            named(world, cx, "Later", "Guest"),
        ],
        None,
    );
    let views = world.roles.look(&cx.scope, &all).await.unwrap();
    let told: Vec<_> = views.iter().map(|view| (view.groups.clone(), view.members, view.warnings.clone())).collect();
    let expected = [
        (vec![called(company.engineers, "Engineers")], Counted::Exactly(2), vec![]),
        (vec![called(company.backend, "Backend")], Counted::Exactly(1), vec![Warning::Shadowed(vec![1])]),
        (vec![], Counted::Exactly(0), vec![Warning::UnknownRole]),
    ];
    assert_eq!(told, expected);
    assert_eq!(world.roles.look(&cx.scope, &RoleRules::default()).await.unwrap(), []);
}

async fn a_group_knows_the_rules_that_are_about_it(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    assert_eq!(world.roles.of_group(&cx.scope, company.backend).await.unwrap(), []);
    let all = vec![
        seen(world, cx, company.staff, "Member"),
        seen(world, cx, company.engineers, "Admin"),
        named(world, cx, "BACKEND", "Member"),
    ];
    save(world, cx, &rules(all, None)).await;
    let told = |found: Vec<domain::ops::GroupUse>| -> Vec<(usize, String, Option<NamedGroup>)> {
        found.into_iter().map(|used| (used.number, used.role.to_string(), used.through)).collect()
    };
    let of = async |group| told(world.roles.of_group(&cx.scope, group).await.unwrap());
    let by_way = Some(called(company.engineers, "Engineers"));
    assert_eq!(of(company.backend).await, [(2, "Admin".to_owned(), by_way), (3, "Member".to_owned(), None)]);
    assert_eq!(of(company.staff).await, [(1, "Member".to_owned(), None)]);
}

async fn groups_are_found_by_id_and_by_name(world: &World) {
    let company = company(world, "acme").await;
    let mut read = world.store.read(&company.cx.scope).await.unwrap();
    let long = "Ö".repeat(300);
    let other = world.group(&company.cx, &long, &[]).await.stored.id;
    let found = read.find_groups(&[company.staff, company.people[0]], &["ENGINEERS", "staff", "Ada"]).await.unwrap();
    assert_eq!(found, [called(company.engineers, "Engineers"), called(company.staff, "Staff")]);
    let found = read.find_groups(&[], &[&"ö".repeat(300)]).await.unwrap();
    assert_eq!(found, [called(other, &long)]);
    assert_eq!(read.find_groups(&[], &["Engineer", "%", ""]).await.unwrap(), []);
    assert_eq!(read.find_groups(&[], &[]).await.unwrap(), []);
}

async fn groups_below_are_found_at_any_depth(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let middle = world.group(cx, "Middle", &[company.engineers, company.staff, company.people[0]]).await.stored.id;
    let top = world.group(cx, "Top", &[middle, company.staff]).await.stored.id;
    let mut read = world.store.read(&cx.scope).await.unwrap();
    let mut below = read.groups_below(&[top]).await.unwrap();
    for nested in below.values_mut() {
        nested.sort_by_key(|group| group.id);
    }
    let expected = HashMap::from([
        (top, vec![called(company.staff, "Staff"), called(middle, "Middle")]),
        (middle, vec![called(company.engineers, "Engineers"), called(company.staff, "Staff")]),
        (company.engineers, vec![called(company.backend, "Backend")]),
    ]);
    assert_eq!(below, expected);
    assert_eq!(read.groups_below(&[company.staff, company.backend]).await.unwrap(), HashMap::new());
    assert_eq!(read.groups_below(&[]).await.unwrap(), HashMap::new());
    save(world, cx, &rules(vec![seen(world, cx, top, "Admin")], None)).await;
    assert_eq!(company.names(world).await, some(["Admin", "Admin", "Admin", ""]));
}

async fn people_come_by_name_and_those_without_last(world: &World) {
    let company = company(world, "acme").await;
    let cx = &company.cx;
    let [ada, bob, cy, dee] = company.people;
    let plain = world.user(cx, "aaron").await.stored.id;
    let mut read = world.store.read(&cx.scope).await.unwrap();
    let mut first = async |among: Among<'_>, limit| {
        let found = read.first_by_name(&Kind::USER, among, limit).await.unwrap();
        found.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(first(Among::Without(&[]), 9).await, [ada, bob, cy, dee, plain]);
    assert_eq!(first(Among::Without(&[bob]), 9).await, [ada, cy, dee, plain]);
    assert_eq!(first(Among::Without(&[bob, ada, dee]), 1).await, [cy]);
    assert_eq!(first(Among::These(&[plain, dee, ada, company.staff]), 9).await, [ada, dee, plain]);
    assert_eq!(first(Among::These(&[cy]), 9).await, [cy]);
    assert_eq!(first(Among::These(&[]), 9).await, []);
}

async fn another_tenants_groups_and_people_are_not_there(world: &World) {
    let (company, globex) = (company(world, "acme").await, world.tenant("globex").await);
    let (cx, other) = (&company.cx, operator(world, &globex));
    let mine = rules(vec![seen(world, cx, company.engineers, "Admin")], Some("Member"));
    save(world, cx, &mine).await;
    let raw = Raw::of(world).await;
    let before = raw.dump(&company.tenant).await;
    assert_eq!(stored(world, &globex).await, StoredRules::default());
    for person in company.people {
        assert_eq!(world.roles.of_person(&other.scope, person).await.unwrap(), None);
    }
    assert_eq!(world.roles.of_group(&other.scope, company.engineers).await.unwrap(), []);
    assert!(matches!(world.roles.save(&other, 0, &mine).await, Err(Error::NotAllowed(_))));
    let preview = world.roles.preview(&other.scope, &mine).await.unwrap();
    assert_eq!((preview.people, preview.total, preview.first), (0, 0, Vec::new()));
    world.number_facts().await;
    let view = &world.roles.look(&other.scope, &mine).await.unwrap()[0];
    assert_eq!((view.groups.len(), view.last_name.clone(), view.members), (0, None, Counted::Exactly(0)));
    // A group of the same name over there is another one.
    save(world, &other, &rules(vec![named(world, &other, "Engineers", "Admin")], None)).await;
    let view = &world.roles.look(&other.scope, &stored(world, &globex).await.rules).await.unwrap()[0];
    assert_eq!(view.groups, []);
    let after = raw.dump(&company.tenant).await;
    assert_eq!(after.get("role_rules"), before.get("role_rules"));
}
