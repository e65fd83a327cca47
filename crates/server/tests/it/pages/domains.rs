//! The pages about domains, with a real server of the domain name system behind them.

use domain::admin::AdminRole;
use serde_json::json;
use testkit::{DnsReply, on_both_databases};

use super::{ACTIVITY, AUDIT, DOMAINS, ids_after, owner};
use crate::reader::{Page, Reader, employ};
use crate::served::Served;

on_both_databases! { Served:
    a_domain_is_added_and_verified_by_its_record,
    what_is_no_domain_is_refused_with_a_reason_and_kept,
    what_dns_answered_is_shown_and_never_run,
    a_domain_of_another_tenant_leads_nowhere,
    a_domain_is_removed_when_that_is_confirmed,
    the_policy_is_chosen_and_the_page_says_who_is_outside,
    an_auditor_sees_domains_and_changes_nothing,
}

const RECORD: &str = "_rollcall-challenge.contoso.com";
const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>";

/// Adds a domain; gives the path of its page.
async fn add(reader: &mut Reader, name: &str) -> String {
    reader.open(DOMAINS).await;
    let added = reader.send(DOMAINS, &[("name", name)]).await;
    assert_eq!(added.status, 303, "{added:?}");
    let location = added.location();
    location[location.find(DOMAINS).unwrap()..].to_owned()
}

/// Presses the button.
async fn check(reader: &mut Reader, domain: &str) -> Page {
    let checked = reader.send(&format!("{domain}/check"), &[]).await;
    assert_eq!(checked.status, 303, "{checked:?}");
    reader.open(domain).await
}

/// The value that a page shows under this id.
fn shown<'p>(page: &'p Page, id: &str) -> &'p str {
    let (_, rest) = page.body.split_once(&format!("<div class=\"secret\" id=\"{id}\"")).unwrap();
    rest.split_once('>').unwrap().1.split('<').next().unwrap()
}

async fn a_domain_is_added_and_verified_by_its_record(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    assert!(ana.open(DOMAINS).await.body.contains("No domain yet"));
    let domain = add(&mut ana, " @Contoso.COM ").await;
    let page = ana.open(&domain).await;
    assert!(page.body.contains("Waiting for the record"), "{page:?}");
    assert_eq!(shown(&page, "record-name"), RECORD);
    let value = shown(&page, "record-value").to_owned();
    assert!(value.starts_with("rollcall-domain-verification="), "{value}");
    let none = check(&mut ana, &domain).await;
    assert!(
        none.body.contains("The record was not found") && none.body.contains(&format!("There is no name {RECORD}"))
    );
    served.dns.publish(RECORD, &["v=spf1 -all"]);
    let other = check(&mut ana, &domain).await;
    assert!(other.body.contains("Not ours") && !other.body.contains("Matches"), "{other:?}");
    served.dns.publish(RECORD, &["v=spf1 -all", &value]);
    let verified = check(&mut ana, &domain).await;
    assert!(verified.body.contains("<h2>Verified</h2>") && verified.body.contains("Matches"), "{verified:?}");
    assert_eq!(ana.open(&format!("{domain}/status")).await.status, 200);
    let list = ana.open(DOMAINS).await;
    assert!(list.body.contains("contoso.com") && list.body.contains("Verified"), "{list:?}");
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    let audit = ana.open(AUDIT).await;
    for told in
        ["Added the domain contoso.com", "Did not find the record of the domain", "Verified the domain contoso.com"]
    {
        assert!(audit.body.contains(told), "{told}: {audit:?}");
    }
}

async fn what_is_no_domain_is_refused_with_a_reason_and_kept(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    add(&mut ana, "contoso.com").await;
    for (typed, reason) in [
        ("gmail.com", "everybody’s mailboxes"),
        ("ana@contoso.com", "behind the @"),
        ("com", "only a part"),
        ("CONTOSO.com", "in the list already"),
        (HOSTILE, "is no domain"),
    ] {
        let refused = ana.send(DOMAINS, &[("name", typed)]).await;
        let body = refused.body.replace("&#39;", "’").replace('\'', "’");
        assert_eq!(refused.status, 422, "{typed}");
        assert!(body.contains(reason) && body.contains("Not added yet"), "{typed}: {body}");
        assert!(!refused.body.contains("<script>alert") && !refused.body.contains("<img src=x"), "{refused:?}");
    }
    assert!(ana.send(DOMAINS, &[("name", "gmail.com")]).await.body.contains("value=\"gmail.com\""), "it is kept");
}

async fn what_dns_answered_is_shown_and_never_run(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let domain = add(&mut ana, "contoso.com").await;
    ana.open(&domain).await;
    served.dns.publish(RECORD, &[HOSTILE, "line\u{1}\u{202e}end"]);
    check(&mut ana, &domain).await;
    for path in [domain.clone(), format!("{domain}/status"), DOMAINS.to_owned()] {
        let page = ana.open(&path).await;
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{path}: {page:?}");
    }
    let page = ana.open(&domain).await;
    assert!(page.body.contains("&#60;script&#62;alert") || page.body.contains("&lt;script&gt;alert"), "{page:?}");
    assert!(!page.body.contains('\u{1}'));
    served.dns.reply(RECORD, DnsReply::Nothing);
    assert!(check(&mut ana, &domain).await.body.contains("has no TXT record"));
    served.dns.reply(RECORD, DnsReply::Failure);
    assert!(check(&mut ana, &domain).await.body.contains("Nobody told"));
}

async fn a_domain_of_another_tenant_leads_nowhere(served: &Served) {
    let (acme, globex) = (served.tenant("acme").await, served.tenant("globex").await);
    let (mut ana, mut eve) = (owner(served, &acme).await, owner(served, &globex).await);
    let domain = add(&mut ana, "contoso.com").await;
    let value = shown(&ana.open(&domain).await, "record-value").to_owned();
    let theirs = add(&mut eve, "contoso.com").await;
    for path in [domain.clone(), format!("{domain}/status"), format!("{domain}/remove"), format!("{DOMAINS}/none")] {
        assert_eq!(eve.open(&path).await.status, 404, "{path}");
    }
    eve.open(DOMAINS).await;
    for path in [format!("{domain}/check"), format!("{domain}/remove")] {
        assert_eq!(eve.send(&path, &[]).await.status, 404, "{path}");
    }
    let own = shown(&eve.open(&theirs).await, "record-value").to_owned();
    served.dns.publish(RECORD, &[&value, &own]);
    assert!(check(&mut ana, &domain).await.body.contains("<h2>Verified</h2>"));
    let claimed = check(&mut eve, &theirs).await;
    assert!(claimed.body.contains("Somebody else has verified this domain"), "{claimed:?}");
    assert!(!claimed.body.to_lowercase().contains("acme"), "{claimed:?}");
}

async fn a_domain_is_removed_when_that_is_confirmed(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let domain = add(&mut ana, "contoso.com").await;
    let asked = ana.open(&format!("{domain}/remove")).await;
    assert!(asked.body.contains("Remove contoso.com?") && asked.body.contains("the same record"), "{asked:?}");
    let removed = ana.send(&format!("{domain}/remove"), &[]).await;
    assert_eq!(removed.status, 303);
    let list = ana.open(&format!("{DOMAINS}?done=domain-removed")).await;
    assert!(list.body.contains("Domain removed") && list.body.contains("No domain yet"), "{list:?}");
    assert_eq!(ana.open(&domain).await.status, 404);
}

async fn the_policy_is_chosen_and_the_page_says_who_is_outside(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let scim = served.caller("acme", &token);
    scim.create_user("guest@gmail.com").await.expect(201);
    assert!(ana.open(&format!("{DOMAINS}/outside")).await.body.contains("There is no verified domain yet"));
    let domain = add(&mut ana, "contoso.com").await;
    let value = shown(&ana.open(&domain).await, "record-value").to_owned();
    served.dns.publish(RECORD, &[&value]);
    check(&mut ana, &domain).await;
    scim.create_user("ana@contoso.com").await.expect(201);
    let eve = json!({
        "schemas": [scim_protocol::urn::USER], "userName": "eve@evil.example", "displayName": HOSTILE,
    });
    scim.post("/Users", &eve).await.expect(201);
    let outside = ana.open(&format!("{DOMAINS}/outside")).await;
    assert!(outside.body.contains("2 people are outside of your domains"), "{outside:?}");
    assert!(outside.body.contains("guest") && outside.body.contains("@evil.example"), "{outside:?}");
    assert!(!outside.body.contains("ana@contoso") && !outside.body.contains("<script>alert"), "{outside:?}");
    served.rollcall.activity.flush(served.rollcall.clock.now()).await.unwrap();
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
    let log = ana.open(ACTIVITY).await.body;
    let mut noted = 0;
    for id in ids_after(&log, "id=\"a") {
        let row = ana.open(&format!("{ACTIVITY}/{id}")).await;
        noted += usize::from(row.body.contains("An address in evil.example came in"));
    }
    assert_eq!(noted, 1, "the log says it of the one request that came after the domain was verified");
    let page = ana.open(DOMAINS).await;
    assert!(page.body.contains("value=\"warn\" checked"), "{page:?}");
    assert_eq!(ana.send(&format!("{DOMAINS}/policy"), &[("policy", "everything")]).await.status, 404);
    assert_eq!(ana.send(&format!("{DOMAINS}/policy"), &[("policy", "require")]).await.status, 303);
    assert!(ana.open(DOMAINS).await.body.contains("value=\"require\" checked"));
    scim.create_user("mallory@gmail.com").await.expect_error(400);
    served.rollcall.activity.flush(served.rollcall.clock.now()).await.unwrap();
    let log = ana.open(&format!("{ACTIVITY}?outcome=refused")).await;
    assert!(log.body.contains("address outside of your domains"), "{log:?}");
    let refused = ana.open(&format!("{ACTIVITY}/{}", ids_after(&log.body, "id=\"a")[0])).await;
    assert!(refused.body.contains("Open domains"), "{refused:?}");
}

async fn an_auditor_sees_domains_and_changes_nothing(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let domain = add(&mut ana, "contoso.com").await;
    employ(served, &acme, "auditor@acme.example", AdminRole::Auditor).await;
    let mut auditor = Reader::signed_in(served, "acme", "auditor@acme.example").await;
    for path in [DOMAINS, &domain] {
        let page = auditor.open(path).await;
        assert!(page.status == 200 && page.body.contains("Auditors can see settings"), "{page:?}");
        assert!(!page.body.contains("Add domain</button>") && !page.body.contains("Check now</button>"), "{page:?}");
    }
    for path in [format!("{domain}/check"), format!("{domain}/remove"), format!("{DOMAINS}/policy"), DOMAINS.to_owned()]
    {
        let fields = [("name", "fabrikam.com"), ("policy", "off")];
        assert_eq!(auditor.send(&path, &fields).await.status, 403, "{path}");
    }
}
