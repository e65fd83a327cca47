//! Groups and roles: what is done in the form, whom it changes, and who else was there.

use domain::admin::AdminRole;
use domain::ops::Counted;
use domain::role::{GroupChoice, RoleRules};
use domain::tenant::Tenant;
use serde_json::json;
use testkit::on_both_databases;

use super::{AUDIT, DIRECTORY, ids_after, owner};
use crate::caller::{Caller, group};
use crate::reader::{Page, Reader, employ};
use crate::served::Served;

on_both_databases! { Served:
    without_rules_and_groups_the_page_says_what_happens,
    rules_are_made_in_the_form_and_saved_after_a_preview,
    what_was_not_previewed_is_not_saved,
    rules_are_moved_and_removed_and_nothing_is_saved_by_that,
    whoever_saves_second_is_told_who_was_first,
    what_is_odd_is_said_at_the_rule,
    what_cannot_be_is_refused_and_kept_in_the_form,
    names_of_groups_are_shown_and_never_run,
    groups_of_another_tenant_lead_nowhere,
    an_auditor_sees_rules_and_no_form,
    people_and_groups_tell_their_roles,
}

const ROLES: &str = "/settings/user-authentication/roles";

struct Company {
    tenant: Tenant,
    scim: Caller,
    ana: Reader,
    engineers: String,
    sales: String,
    /// Ada and Bob are in Engineering, Cy is in Sales, Dee in nothing.
    people: Vec<String>,
}

async fn company(served: &Served) -> Company {
    let (tenant, token) = served.open_tenant("acme").await;
    let ana = owner(served, &tenant).await;
    let scim = served.caller("acme", &token);
    let mut people = Vec::new();
    for name in ["Ada", "Bob", "Cy", "Dee"] {
        let user = json!({"schemas": [scim_protocol::urn::USER], "userName": name.to_lowercase(), "displayName": name});
        people.push(scim.post("/Users", &user).await.expect(201).id());
    }
    let engineers = scim.post("/Groups", &group("Engineering", &[&people[0], &people[1]])).await.expect(201).id();
    let sales = scim.post("/Groups", &group("Sales", &[&people[2]])).await.expect(201).id();
    Company { tenant, scim, ana, engineers, sales, people }
}

/// The fields of the form that a page shows, as a browser would send them; without the buttons.
fn fields(page: &Page) -> Vec<(String, String)> {
    let form = page.body.split_once("<form method=\"post\" action=\"/t/acme/settings/user-authentication/roles\"");
    let form = form.unwrap_or_else(|| panic!("no form: {page:?}")).1;
    let form = form.split_once("</form>").unwrap().0;
    let mut fields = Vec::new();
    for (at, _) in form.match_indices('<') {
        let tag = &form[at..at + form[at..].find('>').unwrap()];
        let value = |name: &str| {
            let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
            Some(plain(&rest[..rest.find('"').unwrap()]))
        };
        if tag.starts_with("<input") {
            fields.push((value("name").unwrap(), value("value").unwrap()));
        } else if tag.starts_with("<select") {
            let options = &form[at..at + form[at..].find("</select>").unwrap()];
            let chosen = options.split("<option ").find(|option| option.contains(" selected")).unwrap();
            let (_, chosen) = chosen.split_once("value=\"").unwrap();
            fields.push((value("name").unwrap(), plain(&chosen[..chosen.find('"').unwrap()])));
        }
    }
    fields.retain(|(name, _)| name != "csrf");
    fields
}

fn plain(text: &str) -> String {
    let entities = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    entities.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter))
}

/// Presses a button of the form that a page shows, after these fields were filled in. A new rule gives the role Admin where no
/// other one was chosen.
async fn press(reader: &mut Reader, page: &Page, act: &str, entered: &[(&str, &str)]) -> Page {
    let mut all = fields(page);
    for (_, role) in all.iter_mut().filter(|(name, value)| name == "new_role" && value.is_empty()) {
        "Admin".clone_into(role);
    }
    for (name, value) in entered {
        let field = all.iter_mut().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no field {name}"));
        (*value).clone_into(&mut field.1);
    }
    all.push(("act".to_owned(), act.to_owned()));
    let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    reader.send(ROLES, &all).await
}

/// The groups of the rules in the order of the page.
fn order(page: &Page) -> Vec<String> {
    let (_, list) = page.body.split_once("<ol class=\"rows rules\">").unwrap();
    let titles = list.split("<h3 class=\"break\">").skip(1);
    let text = |title: &str| {
        let title = &title[..title.find("</h3>").unwrap()];
        title.split('<').filter_map(|part| part.split_once('>').map_or(Some(part), |(_, text)| Some(text))).collect()
    };
    titles.map(text).collect()
}

/// The id of the rule at a place of the page, from 0.
fn rule(page: &Page, place: usize) -> String {
    fields(page).into_iter().filter(|(name, _)| name == "rule").map(|(_, id)| id).nth(place).unwrap()
}

async fn saved(served: &Served, tenant: &Tenant) -> RoleRules {
    served.rollcall.roles.rules(&tenant.scope()).await.unwrap().rules
}

fn told(rules: &RoleRules) -> Vec<(GroupChoice, &str)> {
    rules.rules.iter().map(|rule| (rule.group.clone(), rule.role.as_str())).collect()
}

fn seen(id: &str) -> GroupChoice {
    GroupChoice::Seen(id.parse().unwrap())
}

async fn without_rules_and_groups_the_page_says_what_happens(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let page = ana.open(ROLES).await;
    assert_eq!(page.status, 200);
    for said in [
        "Give people their Rollcall role by the groups they are in.",
        "No rules yet: people sign in without a role from here.",
        "No groups yet",
        "after the first sync",
        "Remove all rules and save. From their next sign-in on",
    ] {
        assert!(page.body.contains(said), "{said}: {page:?}");
    }
    assert_eq!(order(&page), [] as [String; 0]);
    // A rule for a group that is still to come.
    let page = press(&mut ana, &page, "name", &[("name", " Contractors "), ("new_role", "Member")]).await;
    assert_eq!(order(&page), ["1. Any group named “Contractors”"]);
    assert!(page.body.contains("The rule will match later"), "{page:?}");
    assert_eq!(saved(served, &acme).await, RoleRules::default());
    let page = press(&mut ana, &page, "preview", &[]).await;
    assert!(page.body.contains("Nobody’s role changes, of 0 people."), "{page:?}");
    assert_eq!(press(&mut ana, &page, "save", &[]).await.status, 303);
    assert_eq!(told(&saved(served, &acme).await), [(GroupChoice::Named("Contractors".to_owned()), "Member")]);
}

async fn rules_are_made_in_the_form_and_saved_after_a_preview(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, people, .. } = company(served).await;
    let page = ana.open(ROLES).await;
    assert!(page.body.contains(&format!("add:{sales}")), "groups are offered without a search");
    let page = press(&mut ana, &page, "search", &[("q", "engin")]).await;
    assert!(page.body.contains(&format!("add:{engineers}")) && !page.body.contains(&format!("add:{sales}")));
    let page = press(&mut ana, &page, &format!("add:{engineers}"), &[("new_role", "Admin")]).await;
    assert_eq!(order(&page), ["1. Engineering"]);
    assert!(page.body.contains("Not saved yet") && page.body.contains("2 members"), "{page:?}");
    let page = press(&mut ana, &page, "preview", &[("fallback", "Member")]).await;
    assert!(page.body.contains("2 people gain Admin, 2 gain Member. In all, 4 people change."), "{page:?}");
    for (person, then) in [(&people[0], "because of the group Engineering (rule 1)"), (&people[3], "no rule matches")] {
        let row = page.body.split("<tr ").find(|row| row.contains(person.as_str())).unwrap();
        assert!(row.contains("No role") && row.contains(then), "{row}");
    }
    assert_eq!(saved(served, &tenant).await, RoleRules::default(), "a preview saves nothing");
    let done = press(&mut ana, &page, "save", &[]).await;
    assert_eq!((done.status, done.location()), (303, "/t/acme/settings/user-authentication/roles?done=roles"));
    let rules = saved(served, &tenant).await;
    assert_eq!(told(&rules), [(seen(&engineers), "Admin")]);
    assert_eq!(rules.fallback.as_ref().unwrap().as_str(), "Member");
    let page = ana.open(&format!("{ROLES}?done=roles")).await;
    assert!(page.body.contains("Rules saved.") && !page.body.contains("Not saved yet"), "{page:?}");
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    let audit = ana.open(AUDIT).await.body;
    assert!(audit.contains("Changed which groups give which role: now 1 rule; everybody else: Member"), "{audit}");
}

async fn what_was_not_previewed_is_not_saved(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, .. } = company(served).await;
    let page = ana.open(ROLES).await;
    let page = press(&mut ana, &page, &format!("add:{engineers}"), &[]).await;
    // A save without any preview, and one after another preview.
    let page = press(&mut ana, &page, "save", &[]).await;
    assert!(page.status == 200 && page.body.contains("2 people gain Admin."), "{page:?}");
    let page = press(&mut ana, &page, "save", &[("role", "Member")]).await;
    assert!(page.status == 200 && page.body.contains("2 people gain Member."), "{page:?}");
    assert!(page.body.contains("changed since their last preview"), "{page:?}");
    let page = press(&mut ana, &page, &format!("add:{sales}"), &[]).await;
    assert!(!page.body.contains("people gain") && !page.body.contains("Save rules"), "an old preview is gone");
    assert_eq!(saved(served, &tenant).await, RoleRules::default());
    let page = press(&mut ana, &page, "preview", &[]).await;
    assert_eq!(press(&mut ana, &page, "save", &[]).await.status, 303);
    assert_eq!(told(&saved(served, &tenant).await), [(seen(&engineers), "Member"), (seen(&sales), "Admin")]);
}

async fn rules_are_moved_and_removed_and_nothing_is_saved_by_that(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, .. } = company(served).await;
    let mut page = ana.open(ROLES).await;
    for id in [&engineers, &sales] {
        page = press(&mut ana, &page, &format!("add:{id}"), &[]).await;
    }
    page = press(&mut ana, &page, "enter", &[("name", "Third")]).await;
    assert_eq!(order(&page), ["1. Engineering", "2. Sales", "3. Any group named “Third”"]);
    let last = rule(&page, 2);
    page = press(&mut ana, &page, &format!("up:{last}"), &[]).await;
    assert_eq!(order(&page), ["1. Engineering", "2. Any group named “Third”", "3. Sales"]);
    page = press(&mut ana, &page, &format!("up:{last}"), &[]).await;
    page = press(&mut ana, &page, &format!("up:{last}"), &[]).await;
    assert_eq!(order(&page), ["1. Any group named “Third”", "2. Engineering", "3. Sales"]);
    let middle = rule(&page, 1);
    page = press(&mut ana, &page, &format!("down:{middle}"), &[]).await;
    assert_eq!(order(&page), ["1. Any group named “Third”", "2. Sales", "3. Engineering"]);
    page = press(&mut ana, &page, &format!("remove:{last}"), &[]).await;
    assert_eq!(order(&page), ["1. Sales", "2. Engineering"]);
    assert_eq!(saved(served, &tenant).await, RoleRules::default());
    assert_eq!(order(&ana.open(ROLES).await), [] as [String; 0], "what is not saved is discarded");
    page = press(&mut ana, &page, "preview", &[]).await;
    assert_eq!(press(&mut ana, &page, "save", &[]).await.status, 303);
    assert_eq!(order(&ana.open(ROLES).await), ["1. Sales", "2. Engineering"]);
}

async fn whoever_saves_second_is_told_who_was_first(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, .. } = company(served).await;
    employ(served, &tenant, "bea@acme.example", AdminRole::Admin).await;
    let mut bea = Reader::signed_in(served, "acme", "bea@acme.example").await;
    let (mine, theirs) = (ana.open(ROLES).await, bea.open(ROLES).await);
    let mine = press(&mut ana, &mine, &format!("add:{engineers}"), &[]).await;
    let mine = press(&mut ana, &mine, "preview", &[]).await;
    let theirs = press(&mut bea, &theirs, &format!("add:{sales}"), &[("new_role", "Member")]).await;
    let theirs = press(&mut bea, &theirs, "preview", &[]).await;
    assert_eq!(press(&mut bea, &theirs, "save", &[]).await.status, 303);
    let conflict = press(&mut ana, &mine, "save", &[]).await;
    assert_eq!(conflict.status, 409);
    for said in ["bea@acme.example", "Sales: Member", "Engineering: Admin", "Reload and keep theirs"] {
        assert!(conflict.body.contains(said), "{said}: {conflict:?}");
    }
    assert_eq!(told(&saved(served, &tenant).await), [(seen(&sales), "Member")]);
    // Going on shows whom it changes now, and then it can be saved.
    let again = press(&mut ana, &conflict, "preview", &[]).await;
    assert!(again.body.contains("1 person loses Member, 2 gain Admin. In all, 3 people change."), "{again:?}");
    assert_eq!(press(&mut ana, &again, "save", &[]).await.status, 303);
    assert_eq!(told(&saved(served, &tenant).await), [(seen(&engineers), "Admin")]);
}

async fn what_is_odd_is_said_at_the_rule(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, scim, .. } = company(served).await;
    let mut page = ana.open(ROLES).await;
    for id in [&engineers, &sales, &engineers] {
        page = press(&mut ana, &page, &format!("add:{id}"), &[]).await;
    }
    assert!(page.body.contains("Has no effect: rule 1 already covers all its members."), "{page:?}");
    let third = rule(&page, 2);
    page = press(&mut ana, &page, &format!("remove:{third}"), &[]).await;
    page = press(&mut ana, &page, "preview", &[]).await;
    assert_eq!(press(&mut ana, &page, "save", &[]).await.status, 303);
    scim.delete(&format!("/Groups/{sales}")).await.expect(204);
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    page = ana.open(ROLES).await;
    assert_eq!(order(&page), ["1. Engineering", "2. Sales"], "what it was called is still known");
    assert!(page.body.contains("The group was deleted, so this rule matches nobody."), "{page:?}");
    // It does not stand in the way of other changes.
    page = press(&mut ana, &page, "preview", &[("fallback", "Member")]).await;
    assert_eq!(press(&mut ana, &page, "save", &[]).await.status, 303);
    assert_eq!(saved(served, &tenant).await.rules.len(), 2);
    // A role that the product no longer has.
    let rules = saved(served, &tenant).await;
    let cx = served.rollcall.operator_context(&tenant);
    let older = domain::ops::Roles::new(
        served.rollcall.store.clone(),
        served.rollcall.ids.clone(),
        "Admin, Member, Guest".parse().unwrap(),
    );
    let fallback = Some("Guest".parse().unwrap());
    older.save(&cx, 2, &RoleRules { fallback, ..rules }).await.unwrap();
    page = ana.open(ROLES).await;
    assert!(page.body.contains("Rollcall no longer has the role Guest, so these people have no role."), "{page:?}");
    assert!(page.body.contains("Guest (no longer there)"), "{page:?}");
}

async fn what_cannot_be_is_refused_and_kept_in_the_form(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, scim, .. } = company(served).await;
    let unchanged = ana.open(ROLES).await;
    let page = press(&mut ana, &unchanged, &format!("add:{engineers}"), &[]).await;
    let refused = press(&mut ana, &page, "name", &[("name", " ")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("A group&#39;s name cannot be empty."), "{refused:?}");
    assert_eq!(order(&refused), ["1. Engineering"]);
    assert!(refused.body.contains("In rule 1") && !refused.body.contains(&format!("add:{engineers}")), "{refused:?}");
    let refused = press(&mut ana, &page, "name", &[("name", "Contractors"), ("new_role", "")]).await;
    assert!(refused.status == 422 && refused.body.contains("Choose the role that the rule gives"), "{refused:?}");
    let same = press(&mut ana, &unchanged, "preview", &[]).await;
    assert!(same.body.contains("You have changed no rule") && !same.body.contains("Save rules"), "{same:?}");
    // The group goes away between the preview and the saving.
    let page = press(&mut ana, &page, &format!("add:{sales}"), &[]).await;
    let page = press(&mut ana, &page, "preview", &[]).await;
    scim.delete(&format!("/Groups/{sales}")).await.expect(204);
    let refused = press(&mut ana, &page, "save", &[]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.body.contains("The group of rule 2 is not in the directory any more; remove the rule."),
        "{refused:?}"
    );
    assert_eq!(order(&refused).len(), 2);
    let refused = press(&mut ana, &refused, &format!("add:{sales}"), &[]).await;
    assert!(refused.status == 422 && refused.body.contains("not in the directory any more"), "{refused:?}");
    for broken in [
        &[("act", "save"), ("rule", "7"), ("group", "name:x"), ("role", "Admin")][..],
        &[("act", "save"), ("rule", "00000000-0000-0000-0000-000000000007")],
        &[("act", "save"), ("rule", "00000000-0000-0000-0000-000000000007"), ("group", "x"), ("role", "Admin")],
        &[("act", "save"), ("fallback", "a,b")],
    ] {
        let refused = ana.send(ROLES, broken).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        ana.open(ROLES).await;
    }
    assert_eq!(saved(served, &tenant).await, RoleRules::default());
}

async fn names_of_groups_are_shown_and_never_run(served: &Served) {
    const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>";
    let Company { mut ana, scim, people, .. } = company(served).await;
    let hostile = scim.post("/Groups", &group(HOSTILE, &[&people[0]])).await.expect(201).id();
    let user = json!({"schemas": [scim_protocol::urn::USER], "userName": "eve", "displayName": HOSTILE});
    let eve = scim.post("/Users", &user).await.expect(201).id();
    let other = scim.post("/Groups", &group("Evil", &[&eve])).await.expect(201).id();
    let mut pages = vec![ana.open(ROLES).await];
    for act in [format!("add:{hostile}"), format!("add:{other}")] {
        pages.push(press(&mut ana, pages.last().unwrap(), &act, &[]).await);
    }
    pages.push(press(&mut ana, pages.last().unwrap(), "name", &[("name", HOSTILE), ("q", HOSTILE)]).await);
    assert_eq!(order(pages.last().unwrap()).len(), 3);
    let preview = press(&mut ana, pages.last().unwrap(), "preview", &[]).await;
    assert!(preview.body.contains("2 people gain Admin."), "{preview:?}");
    assert_eq!(press(&mut ana, &preview, "save", &[]).await.status, 303);
    pages.push(preview);
    let stale = press(&mut ana, pages.last().unwrap(), "save", &[]).await;
    assert_eq!(stale.status, 409);
    pages.push(stale);
    pages.push(ana.open(&format!("{DIRECTORY}/people/{}", people[0])).await);
    pages.push(ana.open(&format!("{DIRECTORY}/groups/{hostile}")).await);
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    pages.push(ana.open(AUDIT).await);
    for page in pages {
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{page:?}");
    }
}

async fn groups_of_another_tenant_lead_nowhere(served: &Served) {
    let Company { tenant, mut ana, engineers, .. } = company(served).await;
    let (_, token) = served.open_tenant("other").await;
    let scim = served.caller("other", &token);
    let olga = scim.create_user("olga").await.expect(201).id();
    let foreign = scim.post("/Groups", &group("Foreign", &[&olga])).await.expect(201).id();
    let page = ana.open(ROLES).await;
    let refused = press(&mut ana, &page, &format!("add:{foreign}"), &[]).await;
    assert!(refused.status == 422 && !refused.body.contains("Foreign"), "{refused:?}");
    // Somebody writes the id into the form.
    let page = press(&mut ana, &page, &format!("add:{engineers}"), &[]).await;
    let entered = [("group", &*format!("id:{foreign}"))];
    let previewed = press(&mut ana, &page, "preview", &entered).await;
    assert!(previewed.body.contains("Nobody’s role changes") && !previewed.body.contains("Foreign"), "{previewed:?}");
    let refused = press(&mut ana, &previewed, "save", &[]).await;
    assert!(refused.status == 422 && !refused.body.contains("Foreign"), "{refused:?}");
    assert_eq!(saved(served, &tenant).await, RoleRules::default());
    let found = press(&mut ana, &page, "search", &[("q", "Foreign")]).await;
    assert_eq!(ids_after(&found.body, "add:"), [] as [&str; 0]);
}

async fn an_auditor_sees_rules_and_no_form(served: &Served) {
    let Company { tenant, engineers, .. } = company(served).await;
    let cx = served.rollcall.operator_context(&tenant);
    let operations = &served.rollcall.roles;
    let rule = operations.new_rule(&cx, seen(&engineers), "Admin".parse().unwrap());
    let rules = RoleRules { rules: vec![rule], fallback: Some("Member".parse().unwrap()) };
    operations.save(&cx, 0, &rules).await.unwrap();
    employ(served, &tenant, "auditor@acme.example", AdminRole::Auditor).await;
    let mut auditor = Reader::signed_in(served, "acme", "auditor@acme.example").await;
    let page = auditor.open(ROLES).await;
    assert_eq!(order(&page), ["1. Engineering → Admin"]);
    for said in ["Everybody else", "Member", "Auditors can see settings and not change them."] {
        assert!(page.body.contains(said), "{said}: {page:?}");
    }
    for tool in ["name=\"act\"", "<select", "Add a rule"] {
        assert!(!page.body.contains(tool), "{tool}: {page:?}");
    }
    assert_eq!(auditor.send(ROLES, &[("act", "save"), ("seen", "1")]).await.status, 403);
    assert_eq!(saved(served, &tenant).await, rules);
}

async fn people_and_groups_tell_their_roles(served: &Served) {
    let Company { tenant, mut ana, engineers, sales, people, scim } = company(served).await;
    let outer = scim.post("/Groups", &group("Everybody", &[&engineers])).await.expect(201).id();
    let cx = served.rollcall.operator_context(&tenant);
    let operations = &served.rollcall.roles;
    let rule = |group: &str, name: &str| operations.new_rule(&cx, seen(group), name.parse().unwrap());
    let rules = RoleRules { rules: vec![rule(&sales, "Member"), rule(&outer, "Admin")], fallback: None };
    operations.save(&cx, 0, &rules).await.unwrap();
    let mut person = async |place: usize| ana.open(&format!("{DIRECTORY}/people/{}", people[place])).await.body;
    for (place, role, because) in [
        (0, "Admin", "because of the group Everybody, by way of Engineering (rule 2)"),
        (2, "Member", "because of the group Sales (rule 1)"),
        (3, "No role", "because no rule matches"),
    ] {
        let body = person(place).await;
        assert!(body.contains(&format!("<dt>Role</dt><dd class=\"sub break\">{role}, ")), "{body}");
        assert!(body.contains(because), "{body}");
    }
    let mut group = async |id: &str| ana.open(&format!("{DIRECTORY}/groups/{id}")).await.body;
    assert!(group(&engineers).await.contains("Admin by rule 2, being in Everybody"));
    assert!(group(&sales).await.contains("Member by rule 1"));
    let views = operations.look(&tenant.scope(), &rules).await.unwrap();
    assert_eq!(views[0].members, Counted::Exactly(1));
}
