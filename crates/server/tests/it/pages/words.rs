//! What pages say of what others sent.

use domain::admin::AdminRole;
use serde_json::{Value, json};
use testkit::on_both_databases;

use super::{ACTIVITY, AUDIT, DIRECTORY, PROVISIONING, ids_after, owner};
use crate::caller::group;
use crate::reader::{Reader, employ};
use crate::served::Served;

on_both_databases! { Served:
    names_are_shown_as_they_are_and_never_run,
    an_auditor_reads_what_happened_and_no_bodies,
    values_are_shown_once,
}

const HOSTILE: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>";
const FORMULA: &str = "=HYPERLINK(\"https://evil.test\")";

async fn number_facts(served: &Served) {
    testkit::world::number_facts(served.rollcall.store.as_ref(), served.rollcall.clock.now()).await;
}

fn named(user_name: &str, name: &str) -> Value {
    json!({"schemas": [scim_protocol::urn::USER], "userName": user_name, "displayName": name, "title": name, "active": true})
}

async fn names_are_shown_as_they_are_and_never_run(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let scim = served.caller("acme", &token);
    let person = scim.post("/Users", &named("eve@acme.example", HOSTILE)).await.expect(201).id();
    scim.post("/Users", &named("mallory@acme.example", FORMULA)).await.expect(201);
    let group = scim.post("/Groups", &group(HOSTILE, &[])).await.expect(201).id();
    scim.post("/Users", &named("eve@acme.example", HOSTILE)).await.expect(409);
    served.rollcall.activity.flush(served.rollcall.clock.now()).await.unwrap();
    number_facts(served).await;
    let log = ana.open(ACTIVITY).await.body;
    let mut pages = vec![
        DIRECTORY.to_owned(),
        format!("{DIRECTORY}?q=%3Cscript%3Ealert"),
        format!("{DIRECTORY}/groups"),
        format!("{DIRECTORY}/people/{person}"),
        format!("{DIRECTORY}/groups/{group}"),
        format!("{ACTIVITY}?q=%3Cscript%3Ealert"),
    ];
    pages.extend(ids_after(&log, "id=\"a").into_iter().map(|id| format!("{ACTIVITY}/{id}")));
    pages.push(ACTIVITY.to_owned());
    for path in pages {
        let page = ana.open(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("<script>alert") && !page.body.contains("<img src=x"), "{path}: {}", page.body);
    }
    let shown = ana.open(&format!("{DIRECTORY}/people/{person}")).await.body;
    assert!(shown.contains("&#60;script&#62;alert") || shown.contains("&lt;script&gt;alert"), "{shown}");
    let file = ana.open(&format!("{DIRECTORY}/people.csv")).await.body;
    assert!(file.contains("'=HYPERLINK") && !file.contains(",=HYPERLINK") && !file.contains("\"=HYPERLINK"), "{file}");
    number_facts(served).await;
    let audit = ana.open(AUDIT).await.body;
    assert!(audit.contains("Exported the people of the directory as CSV"), "{audit}");
}

async fn an_auditor_reads_what_happened_and_no_bodies(served: &Served) {
    let (acme, token) = served.open_tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    employ(served, &acme, "auditor@acme.example", AdminRole::Auditor).await;
    let mut auditor = Reader::signed_in(served, "acme", "auditor@acme.example").await;
    let scim = served.caller("acme", &token);
    let mut person = named("bob@acme.example", "Bob Berg");
    person["nickName"] = json!("only-in-the-body");
    scim.post("/Users", &person).await.expect(201);
    served.rollcall.activity.flush(served.rollcall.clock.now()).await.unwrap();
    let log = ana.open(ACTIVITY).await.body;
    let row = format!("{ACTIVITY}/{}", ids_after(&log, "id=\"a")[0]);
    let (seen, told) = (ana.open(&row).await, auditor.open(&row).await);
    assert!(seen.body.contains("scim:schemas:core:2.0:User"), "{seen:?}");
    assert_eq!(told.status, 200);
    assert!(told.body.contains("Bob Berg") && !told.body.contains("scim:schemas:core:2.0:User"), "{told:?}");
    assert!(told.body.contains("auditor") || told.body.contains("Auditor"), "the reason is missing: {told:?}");
}

async fn values_are_shown_once(served: &Served) {
    let acme = served.tenant("acme").await;
    let mut ana = owner(served, &acme).await;
    let page = ana.open(PROVISIONING).await;
    let (seen, key) = (page.carried("seen").unwrap().to_owned(), page.carried("key").unwrap().to_owned());
    let fields = [("enabled", "on"), ("idp", "entra"), ("seen", &*seen), ("key", &*key)];
    let once = ana.send(PROVISIONING, &fields).await;
    assert!(once.body.replace("<wbr>", "").contains("https://acme.rollcall.test/scim/v2"), "{once:?}");
    let token = &once.body[once.body.find("scim_").unwrap()..][..60];
    let again = ana.send(PROVISIONING, &fields).await;
    assert!(!again.body.contains(token), "the same form again shows the token again");
    assert_eq!(served.rollcall.credentials.list(&acme.scope()).await.unwrap().len(), 1, "a retry made a second token");
    for path in [PROVISIONING, ACTIVITY, AUDIT] {
        assert!(!ana.open(path).await.body.contains(token), "{path}");
    }
}
