//! Every method that reads, asked by a second tenant for what belongs to the first.

use domain::admin::AdminIdentity;
use domain::admin::link::LinkPurpose;
use domain::admin::session::HolderId;
use domain::connection::attempt::digest;
use domain::directory::{Candidate, Kind};
use domain::journal::{Subject, What};
use domain::role::StoredRules;
use domain::sign_in_log::{SignInCounts, SignInQuery};
use domain::store::{
    Among, EntryQuery, ListQuery, ReadAdmins, ReadConnections, ReadCredentials, ReadDirectory, ReadDomains,
    ReadEntries, ReadGroups, ReadJournal, ReadPersons, ReadResources, ReadRoles, Seek, Store as _, TenantRead,
};
use domain::timestamp::Timestamp;
use serde_json::json;
use testkit::{World, on_both_databases};

use super::{STRANGER, Two};

on_both_databases! { World:
    single_statements_find_nothing_of_another_tenant,
    transactions_find_nothing_of_another_tenant,
}

async fn single_statements_find_nothing_of_another_tenant(world: &World) {
    let two = Two::make(world).await;
    world.number_facts().await;
    let mut read = world.store.read(&two.globex.scope()).await.unwrap();
    finds_nothing(world, &two, read.as_mut()).await;
}

async fn transactions_find_nothing_of_another_tenant(world: &World) {
    let two = Two::make(world).await;
    world.number_facts().await;
    let mut tx = two.write(world).await;
    finds_nothing(world, &two, tx.as_mut()).await;
}

async fn finds_nothing<R: TenantRead + ?Sized>(world: &World, two: &Two, read: &mut R) {
    no_resource(two, read).await;
    no_membership(two, read).await;
    no_page(world, two, read).await;
    no_credential(read).await;
    no_admin(two, read).await;
    no_fact(two, read).await;
    no_find(two, read).await;
    no_entry(two, read).await;
    no_role(two, read).await;
    no_domain(two, read).await;
    no_connection(two, read).await;
    no_person_session(two, read).await;
}

async fn no_connection<R: ReadConnections + ReadAdmins + ?Sized>(two: &Two, read: &mut R) {
    let id = two.connection.id;
    assert_eq!(read.list_connections().await, Ok(Vec::new()));
    assert_eq!(read.find_connection(id).await, Ok(None));
    assert_eq!(read.connection_secret(id).await, Ok(None));
    assert_eq!(read.list_sso_keys().await, Ok(Vec::new()));
    assert_eq!(read.find_attempt(two.attempt.id).await, Ok(None));
    assert_eq!(read.find_attempt_by_handle(&digest("handle")).await, Ok(None));
    assert_eq!(read.find_attempt_by_ticket(&digest("ticket")).await, Ok(None));
    assert_eq!(read.list_open_tests(Timestamp::from_micros(0)).await, Ok(Vec::new()));
    let identity = AdminIdentity { connection: id, key: "owner".to_owned() };
    assert_eq!(read.find_admin_by_identity(&identity).await, Ok(None));
}

async fn no_person_session<R: ReadPersons + ?Sized>(two: &Two, read: &mut R) {
    let (id, [ada, _]) = (two.connection.id, two.ids());
    assert_eq!(read.find_person_session(two.session.id).await, Ok(None));
    assert_eq!(read.list_person_sessions(ada).await, Ok(Vec::new()));
    let name = two.session.sign_on.name.clone().unwrap().value;
    for session in [None, two.session.sign_on.session.as_deref()] {
        assert_eq!(read.sessions_of_key(id, &name, session).await, Ok(Vec::new()));
    }
    for query in [
        SignInQuery { limit: 10, ..SignInQuery::default() },
        SignInQuery { connection: Some(id), limit: 10, ..SignInQuery::default() },
        SignInQuery { person: Some(ada), limit: 10, ..SignInQuery::default() },
    ] {
        assert_eq!(read.sign_ins(&query).await, Ok(Vec::new()));
    }
    let ever = Timestamp::from_micros(0);
    assert_eq!(read.count_sign_ins(id, ever).await, Ok(SignInCounts::default()));
    assert_eq!(read.newest_stranger(id, STRANGER).await, Ok(None));
}

async fn no_role<R: ReadRoles + ReadGroups + ?Sized>(two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    assert_eq!(read.role_rules().await, Ok(StoredRules::default()));
    assert_eq!(read.find_groups(&two.ids(), &["Engineers"]).await, Ok(Vec::new()));
    assert!(read.groups_below(&[group, two.outer.stored.id]).await.unwrap().is_empty());
    for among in [Among::These(&[ada]), Among::Without(&[]), Among::Without(&[group])] {
        assert_eq!(read.first_by_name(&Kind::USER, among, 10).await, Ok(Vec::new()));
    }
}

async fn no_resource<R: ReadResources + ?Sized>(two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    for groups in [false, true] {
        assert_eq!(read.find(&Kind::USER, ada, groups).await, Ok(None));
        assert_eq!(read.find(&Kind::GROUP, group, groups).await, Ok(None));
    }
    for named in [&[][..], &[ada], &two.ids()] {
        assert_eq!(read.find_group(group, named).await, Ok(None));
    }
    let unknown = Candidate { kind: None, is_member: false };
    let candidates = read.candidates(&two.ids()).await.unwrap();
    assert!(candidates.values().all(|candidate| *candidate == unknown), "{candidates:?}");
    let candidates = read.candidates(&[ada]).await.unwrap();
    assert!(candidates.values().all(|candidate| *candidate == unknown), "{candidates:?}");
}

async fn no_membership<R: ReadResources + ?Sized>(two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    for groups in [&[group][..], &two.ids()] {
        assert_eq!(read.count_members(groups).await, Ok(0));
        assert!(read.members(groups).await.unwrap().is_empty());
    }
    for members in [&[ada][..], &two.ids()] {
        assert!(read.groups_of(members).await.unwrap().is_empty());
    }
}

async fn no_page<R: ReadResources + ?Sized>(world: &World, two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    let sort = Some(world.sort(&Kind::USER, "groups.display", true));
    for filter in [
        String::new(),
        format!("id eq \"{ada}\""),
        "userName eq \"ada\"".to_owned(),
        "userName sw \"a\"".to_owned(),
        "userName co \"d\"".to_owned(),
        "externalId eq \"x\"".to_owned(),
        "displayName eq \"Ada\"".to_owned(),
        "emails eq \"ada@example.com\"".to_owned(),
        "emails sw \"a\"".to_owned(),
        "emails ew \"example.com\"".to_owned(),
        format!("groups.value eq \"{group}\""),
        "groups pr or not (title pr)".to_owned(),
        "meta.created pr or meta.created gt \"2000-01-01T00:00:00Z\"".to_owned(),
        "meta.created gt \"2000-01-01T00:00:00Z\"".to_owned(),
    ] {
        let query = world.query(&Kind::USER, &filter).unwrap();
        let sorted = ListQuery { sort: sort.clone(), ..query.clone() };
        let total_alone = ListQuery { limit: 0, ..query.clone() };
        let deep = ListQuery { offset: 5_000, ..query.clone() };
        for query in [query, sorted, total_alone, deep] {
            let page = read.list(&Kind::USER, &query).await.unwrap();
            assert_eq!((page.total, page.views), (0, Vec::new()), "{filter}");
        }
    }
    for filter in ["displayName sw \"Eng\"".to_owned(), format!("members.value eq \"{ada}\""), "members pr".to_owned()]
    {
        let page = read.list(&Kind::GROUP, &world.query(&Kind::GROUP, &filter).unwrap()).await.unwrap();
        assert_eq!(page.total, 0, "{filter}");
    }
}

async fn no_credential<R: ReadCredentials + ?Sized>(read: &mut R) {
    assert_eq!(read.list_credentials().await, Ok(Vec::new()));
}

async fn no_admin<R: ReadAdmins + ?Sized>(two: &Two, read: &mut R) {
    let admin = two.admin();
    assert_eq!(read.list_admins().await, Ok(Vec::new()));
    assert_eq!(read.known_admins().await, Ok(Vec::new()));
    assert_eq!(read.find_admin(admin.id).await, Ok(None));
    assert_eq!(read.find_admin_by_email(&admin.email.key()).await, Ok(None));
    assert_eq!(read.count_recovery_codes(admin.id).await, Ok(0));
    assert_eq!(read.find_session(two.owner.session).await, Ok(None));
    for holder in [HolderId::Admin(admin.id), HolderId::SetupLink(two.setup.link.id)] {
        assert_eq!(read.list_sessions(holder).await, Ok(Vec::new()));
    }
    for link in [two.invitation.link.id, two.setup.link.id] {
        assert_eq!(read.find_link(link).await, Ok(None));
    }
    for purpose in [LinkPurpose::Invitation, LinkPurpose::Reset, LinkPurpose::Setup] {
        assert_eq!(read.list_links(purpose).await, Ok(Vec::new()));
    }
}

/// Globex has a journal too: it was created.
async fn no_fact<R: ReadJournal + ?Sized>(two: &Two, read: &mut R) {
    assert_eq!(read.last_fact().await, Ok(1));
    for facts in [read.facts_after(0, 100).await.unwrap(), read.facts_after(-100, 100).await.unwrap()] {
        let own: Vec<_> = facts.iter().map(|fact| (fact.number, fact.what, fact.subject.clone())).collect();
        assert_eq!(own, [(1, What::Created, Subject::Tenant)]);
        assert!(facts[0].payload.as_ref().unwrap().to_string().contains("globex"));
    }
    assert_eq!(read.facts_after(1, 100).await, Ok(Vec::new()));
    let [ada, group] = two.ids();
    for subject in [ada.0, group.0, two.token.id.0, two.acme.id.0] {
        assert_eq!(read.facts_about(subject, i64::MAX).await, Ok(Vec::new()));
    }
}

async fn no_find<R: ReadDirectory + ?Sized>(two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    for (kind, text) in [
        (Kind::USER, "ada"),
        (Kind::USER, "x"),
        (Kind::USER, &ada.to_string()),
        (Kind::USER, ""),
        (Kind::GROUP, "Eng"),
        (Kind::GROUP, &group.to_string()),
    ] {
        for inside in [false, true] {
            let finds = read.seek(&kind, Seek { text, inside, limit: 10 }).await.unwrap();
            assert_eq!((finds.resources, finds.has_more), (Vec::new(), false), "{text}");
        }
    }
    let address = json!("ada@example.com");
    assert_eq!(read.with_value(&Kind::USER, ("emails.value", &address), None, 10).await, Ok(Some(Vec::new())));
    assert_eq!(read.count_with_value(&Kind::USER, ("emails.value", &address), 10).await, Ok(Some(0)));
    assert_eq!(read.members_after(group, None, 10).await, Ok(Vec::new()));
    assert!(read.sizes(&two.ids(), 10).await.unwrap().is_empty());
}

async fn no_domain<R: ReadDomains + ReadDirectory + ?Sized>(two: &Two, read: &mut R) {
    assert_eq!(read.list_domains().await, Ok(Vec::new()));
    assert_eq!(read.find_domain(two.domain.id).await, Ok(None));
    assert_eq!(read.is_sso_enforced().await, Ok(false));
    assert_eq!(read.people_outside(&["contoso.com".parse().unwrap()], None, 10).await, Ok(Vec::new()));
}

async fn no_entry<R: ReadEntries + ?Sized>(two: &Two, read: &mut R) {
    let [ada, group] = two.ids();
    for providers in [false, true] {
        let all = EntryQuery { about: None, providers, before: None, limit: 10 };
        let own = read.entries(&all).await.unwrap();
        assert!(own.len() == 1 && own[0].text("slug") == Some("globex"), "{own:?}");
        assert_eq!(read.entries(&EntryQuery { before: Some(1), ..all.clone() }).await, Ok(Vec::new()));
        for subject in [ada.0, group.0, two.token.id.0, two.acme.id.0] {
            assert_eq!(read.entries(&EntryQuery { about: Some(subject), ..all.clone() }).await, Ok(Vec::new()));
        }
    }
    assert_eq!(read.moment_of(2).await, Ok(None));
    for subject in [ada.0, group.0, two.token.id.0] {
        assert_eq!(read.facts_about_after(subject, 0, 10).await, Ok(Vec::new()));
    }
    assert_eq!(read.membership_entries(group, ada, 10).await, Ok(Vec::new()));
}
