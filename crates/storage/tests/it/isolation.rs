//! Every method of the ports, asked by a second tenant for what belongs to the first.

use domain::directory::{Kind, View};
use domain::ids::ResourceId;
use domain::ops::NewToken;
use domain::store::{ListQuery, Store as _, StoreError, TenantTx};
use domain::tenant::Tenant;
use domain::token::{ProvisioningToken, TokenUse};
use scim_protocol::resource::Resource;
use serde_json::json;
use testkit::{World, on_both_databases};

use crate::raw::Raw;

on_both_databases! { World:
    reading_finds_nothing_of_another_tenant,
    writing_changes_nothing_of_another_tenant,
    the_same_ids_in_two_tenants_are_two_things,
    operations_do_not_find_what_is_anothers,
}

/// Acme with a user in a group and a token; and Globex, who wants them.
struct Two {
    acme: Tenant,
    globex: Tenant,
    ada: View,
    group: View,
    token: ProvisioningToken,
}

impl Two {
    async fn make(world: &World) -> Self {
        let (acme, globex) = (world.tenant("acme").await, world.tenant("globex").await);
        let cx = world.cx(&acme);
        let document = json!({
            "userName": "ada", "externalId": "x", "displayName": "Ada", "emails": [{"value": "ada@example.com"}],
        });
        let ada = world.create(&cx, &Kind::USER, document).await.unwrap();
        let group = world.group(&cx, "Engineers", &[ada.stored.id]).await;
        let token = world.tokens.mint(&cx, NewToken::default()).await.unwrap().token;
        Self { acme, globex, ada, group, token }
    }

    fn ids(&self) -> [ResourceId; 2] {
        [self.ada.stored.id, self.group.stored.id]
    }

    /// A transaction of the second tenant.
    async fn write(&self, world: &World) -> Box<dyn TenantTx> {
        world.store.write(&self.globex.scope()).await.unwrap()
    }
}

async fn reading_finds_nothing_of_another_tenant(world: &World) {
    let two = Two::make(world).await;
    let mut read = world.store.read(&two.globex.scope()).await.unwrap();
    let [ada, group] = two.ids();
    assert_eq!(read.find(&Kind::USER, ada).await, Ok(None));
    assert_eq!(read.find(&Kind::GROUP, group).await, Ok(None));
    assert_eq!(read.count_members(&[group]).await, Ok(0));
    assert!(read.members(&[group]).await.unwrap().is_empty());
    assert!(read.members(&two.ids()).await.unwrap().is_empty());
    assert!(read.groups_of(&[ada]).await.unwrap().is_empty());
    assert!(read.groups_of(&two.ids()).await.unwrap().is_empty());
    assert!(read.kinds_of(&two.ids()).await.unwrap().is_empty());
    assert_eq!(read.find_token(two.token.id).await, Ok(None));
    assert_eq!(read.list_tokens().await, Ok(Vec::new()));

    let sort = Some(world.sort(&Kind::USER, "groups.display", true));
    for filter in [
        String::new(),
        format!("id eq \"{ada}\""),
        "userName eq \"ada\"".to_owned(),
        "userName sw \"a\"".to_owned(),
        "externalId eq \"x\"".to_owned(),
        "displayName eq \"Ada\"".to_owned(),
        "emails eq \"ada@example.com\"".to_owned(),
        format!("groups.value eq \"{group}\""),
        "groups pr or not (title pr)".to_owned(),
        "meta.created pr or meta.created gt \"2000-01-01T00:00:00Z\"".to_owned(),
        "meta.created gt \"2000-01-01T00:00:00Z\"".to_owned(),
    ] {
        let query = world.query(&Kind::USER, &filter).unwrap();
        for query in [query.clone(), ListQuery { sort: sort.clone(), ..query }] {
            let page = read.list(&Kind::USER, &query).await.unwrap();
            assert_eq!((page.total, page.resources), (0, Vec::new()), "{filter}");
        }
    }
    for filter in ["displayName sw \"Eng\"".to_owned(), format!("members.value eq \"{ada}\""), "members pr".to_owned()]
    {
        let page = read.list(&Kind::GROUP, &world.query(&Kind::GROUP, &filter).unwrap()).await.unwrap();
        assert_eq!(page.total, 0, "{filter}");
    }
}

async fn writing_changes_nothing_of_another_tenant(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);
    let [ada, group] = two.ids();
    let now = two.ada.stored.created.plus_seconds(60);

    let mut tx = two.write(world).await;
    assert_eq!(tx.lock(&Kind::USER, ada).await, Ok(None));
    assert_eq!(tx.update(&two.ada.stored, &Resource::default(), now).await, Err(StoreError::Contention));
    assert_eq!(tx.touch(&Kind::GROUP, &[group], now).await, Ok(0));
    assert_eq!(tx.remove_members(group, &[ada]).await, Ok(Vec::new()));
    assert_eq!(tx.member_ids(group).await, Ok(Vec::new()));
    assert_eq!(tx.leave_groups(ada).await, Ok(Vec::new()));
    tx.delete(&Kind::USER, ada).await.unwrap();
    tx.delete(&Kind::GROUP, group).await.unwrap();
    assert_eq!(tx.find_token(two.token.id).await, Ok(None));
    tx.revoke_token(two.token.id, now).await.unwrap();
    tx.note_token_use(two.token.id, &TokenUse { at: now, client: None }).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = two.write(world).await;
    assert_eq!(tx.add_members(group, &[(ada, Kind::USER)]).await, Err(StoreError::MemberGone));
    drop(tx);

    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex);
}

/// What is written under a foreign id, if it ever came to that, is one's own.
async fn the_same_ids_in_two_tenants_are_two_things(world: &World) {
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let acme = raw.dump(&two.acme).await;
    let [ada, group] = two.ids();

    let mut tx = two.write(world).await;
    tx.insert(&two.ada.stored).await.unwrap();
    tx.insert(&two.group.stored).await.unwrap();
    assert!(tx.groups_of(&two.ids()).await.unwrap().is_empty(), "in a group over there, in none here");
    assert!(tx.members(&two.ids()).await.unwrap().is_empty());
    for (kind, filter) in [
        (Kind::USER, format!("groups.value eq \"{group}\"")),
        (Kind::USER, "emails eq \"ada@example.com\" and not (emails pr)".to_owned()),
        (Kind::GROUP, format!("members.value eq \"{ada}\"")),
    ] {
        let page = tx.list(&kind, &world.query(&kind, &filter).unwrap()).await.unwrap();
        assert_eq!(page.total, 0, "{filter}");
    }
    assert_eq!(tx.add_members(group, &[(ada, Kind::USER)]).await, Ok(vec![ada]));
    tx.insert_token(&two.token).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);

    let mut tx = two.write(world).await;
    let now = two.ada.stored.created.plus_seconds(60);
    tx.update(&two.ada.stored, &Resource::default(), now).await.unwrap();
    tx.revoke_token(two.token.id, now).await.unwrap();
    assert_eq!(tx.leave_groups(ada).await, Ok(vec![group]));
    tx.delete(&Kind::USER, ada).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(raw.dump(&two.acme).await, acme);
}

async fn operations_do_not_find_what_is_anothers(world: &World) {
    use domain::Error::NotFound;
    let two = Two::make(world).await;
    let raw = Raw::of(world).await;
    let (acme, globex) = (raw.dump(&two.acme).await, raw.dump(&two.globex).await);
    let cx = world.cx(&two.globex);
    for view in [&two.ada, &two.group] {
        let document = json!({"userName": "ada", "displayName": "Ada"});
        assert!(matches!(world.get(&cx, view).await, Err(NotFound(_))));
        assert!(matches!(world.replace(&cx, view, document).await, Err(NotFound(_))));
        let patch = json!([{"op": "replace", "path": "displayName", "value": "x"}]);
        assert!(matches!(world.patch(&cx, view, patch).await, Err(NotFound(_))));
        assert!(matches!(world.delete(&cx, view).await, Err(NotFound(_))));
    }
    let members = json!({"displayName": "Thieves", "members": [{"value": two.ada.stored.id.to_string()}]});
    assert!(matches!(world.create(&cx, &Kind::GROUP, members).await, Err(domain::Error::Invalid(_))));
    assert_eq!(raw.dump(&two.acme).await, acme);
    assert_eq!(raw.dump(&two.globex).await, globex);
}
