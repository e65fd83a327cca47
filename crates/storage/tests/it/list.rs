//! What a list finds, in which order and on which page.

use domain::Error;
use domain::context::OpContext;
use domain::directory::{Kind, View};
use domain::ops::Show;
use domain::store::{ListQuery, Sort};
use futures_util::future::join_all;
use scim_protocol::ScimType;
use serde_json::json;
use testkit::world::LIST_MEMBERS_LIMIT;
use testkit::{World, on_both_databases};

on_both_databases! { World:
    everything_is_listed_in_order_of_creation,
    indexed_attributes_are_found_by_value,
    other_attributes_are_found_too,
    conditions_combine,
    times_are_compared,
    ids_are_compared_as_they_are_written,
    a_start_that_ends_with_the_last_character_is_found,
    memberships_are_found_from_both_ends,
    what_is_not_a_user_is_not_listed_among_users,
    lists_are_sorted_and_what_is_missing_comes_last,
    pages_are_windows_of_one_order,
    a_count_of_nought_gives_the_total_alone,
    more_than_a_batch_is_looked_through,
    a_list_of_groups_with_too_many_members_is_refused,
}

/// Five people, the fourth of them in another case and the fifth almost empty.
async fn people(world: &World, cx: &OpContext) {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for person in [
        json!({
            "userName": "ada@example.com", "externalId": "X-1", "displayName": "Ada Quill", "title": "Countess",
            "active": true, "name": {"familyName": "Quill"},
            "emails": [{"type": "work", "value": "ada@work.example", "primary": true}, {"type": "home", "value": "q@home.example"}],
            enterprise: {"department": "Lab"},
        }),
        json!({
            "userName": "bob@example.com", "externalId": "x-1", "displayName": "Bob", "title": "Builder", "active": false,
            "emails": [{"type": "home", "value": "ada@work.example"}, {"type": "work", "value": "bob@work.example"}],
        }),
        json!({"userName": "carol", "externalId": "X-1", "displayName": "ada quick", "active": true}),
        json!({"userName": "ADELE", "title": "countess", "emails": [{"value": "ADELE@WORK.example"}]}),
        json!({"userName": "zed"}),
    ] {
        world.create(cx, &Kind::USER, person).await.unwrap();
    }
}

fn names(views: &[View]) -> Vec<String> {
    let name = |view: &View| {
        view.stored.resource.text("userName").or(view.stored.resource.text("displayName")).map(str::to_owned)
    };
    views.iter().filter_map(name).map(|name| name.split('@').next().unwrap().to_lowercase()).collect()
}

/// Asks each filter and compares names, one after another with spaces between.
async fn ask(world: &World, cx: &OpContext, kind: &Kind, cases: &[(&str, &str)]) {
    for (filter, expected) in cases {
        let found = world.list(cx, kind, filter).await.unwrap();
        assert_eq!(names(&found).join(" "), *expected, "{filter}");
        let query = ListQuery { limit: 0, ..world.query(kind, filter).unwrap() };
        let total = world.provisioning.page(cx, kind, &query, Show::Document).await.unwrap().total;
        assert_eq!(total, found.len() as u64, "{filter}");
    }
}

async fn everything_is_listed_in_order_of_creation(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    assert!(world.list(&cx, &Kind::USER, "").await.unwrap().is_empty());
    people(world, &cx).await;
    ask(world, &cx, &Kind::USER, &[("", "ada bob carol adele zed")]).await;
}

async fn indexed_attributes_are_found_by_value(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    let cases = [
        (r#"userName eq "ADA@example.com""#, "ada"),
        (r#"userName eq "ada""#, ""),
        (r#"userName sw "Ad""#, "ada adele"),
        (r#"userName sw """#, "ada bob carol adele zed"),
        (r#"externalId eq "X-1""#, "ada carol"),
        (r#"externalId eq "x-1""#, "bob"),
        (r#"externalId sw "X""#, "ada carol"),
        (r#"displayName eq "ADA QUILL""#, "ada"),
        (r#"displayName sw "ada qui""#, "ada carol"),
        (r#"displayName sw """#, "ada bob carol"),
        (r#"emails eq "ADA@work.example""#, "ada bob"),
        (r#"emails.value eq "adele@work.example""#, "adele"),
        (r#"emails[type eq "work"].value eq "ada@work.example""#, "ada"),
        (r#"emails[value eq "ada@work.example" and type eq "home"]"#, "bob"),
        (r#"emails[value eq "ADA@WORK.EXAMPLE"]"#, "ada bob"),
        (r#"emails[primary eq true and value eq "ada@work.example"]"#, "ada"),
        (r#"emails[value eq "ada@work.example" or type eq "work"]"#, "ada bob"),
    ];
    ask(world, &cx, &Kind::USER, &cases).await;
    world.group(&cx, "Ada's friends", &[]).await;
    ask(
        world,
        &cx,
        &Kind::GROUP,
        &[(r#"displayName sw "ada""#, "ada's friends"), (r#"displayName eq "ADA'S FRIENDS""#, "ada's friends")],
    )
    .await;
}

async fn other_attributes_are_found_too(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    let cases = [
        (r#"title eq "COUNTESS""#, "ada adele"),
        (r#"title ne "countess""#, "bob carol zed"),
        ("title pr", "ada bob adele"),
        ("not (title pr)", "carol zed"),
        ("title eq null", "carol zed"),
        ("active eq true", "ada carol"),
        ("active ne true", "bob adele zed"),
        (r#"userName co "example""#, "ada bob"),
        (r#"userName ew ".com""#, "ada bob"),
        (r#"userName gt "b""#, "bob carol zed"),
        (r#"userName ne "zed""#, "ada bob carol adele"),
        (r#"displayName co "QUI""#, "ada carol"),
        (r#"emails co "WORK""#, "ada bob adele"),
        (r#"emails.type eq "work""#, "ada bob"),
        ("emails.primary eq true", "ada"),
        ("emails[not (type pr)]", "adele"),
        (r#"name.familyName sw "q""#, "ada"),
        (r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "lab""#, "ada"),
        (r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#, "ada"),
        (r#"meta.resourceType eq "User""#, "ada bob carol adele zed"),
    ];
    ask(world, &cx, &Kind::USER, &cases).await;
}

async fn conditions_combine(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    let cases = [
        (r#"externalId eq "X-1" and displayName sw "ada quic""#, "carol"),
        (r#"externalId eq "X-1" and title eq "countess""#, "ada"),
        (r#"title eq "countess" and active pr"#, "ada"),
        (r#"userName eq "zed" or externalId eq "x-1""#, "bob zed"),
        (r#"userName eq "zed" or title eq "builder""#, "bob zed"),
        (r#"not (userName eq "zed" or externalId eq "x-1")"#, "ada carol adele"),
        (r#"externalId eq "X-1" and not (title pr)"#, "carol"),
        (r#"(userName sw "a" or userName sw "b") and emails eq "ada@work.example""#, "ada bob"),
        (r#"userName eq "zed" and userName eq "bob@example.com""#, ""),
    ];
    ask(world, &cx, &Kind::USER, &cases).await;
}

async fn times_are_compared(world: &World) {
    let tenant = world.tenant("acme").await;
    let mut first = None;
    for name in ["one", "two", "three"] {
        let user = world.user(&world.cx(&tenant), name).await;
        first.get_or_insert(user);
        world.clock.advance_seconds(60);
    }
    let cx = world.cx(&tenant);
    world.replace(&cx, &first.unwrap(), json!({"userName": "one", "title": "x"})).await.unwrap();
    let cases = [
        (r#"meta.created eq "2026-01-01T00:01:00Z""#, "two"),
        (r#"meta.created eq "2026-01-01T01:01:00+01:00""#, "two"),
        (r#"meta.created ne "2026-01-01T00:01:00.000000Z""#, "one three"),
        (r#"meta.created gt "2026-01-01T00:00:59.999999Z""#, "two three"),
        (r#"meta.created le "2026-01-01T00:01:00Z""#, "one two"),
        (r#"meta.lastModified lt "2026-01-01T00:03:00Z""#, "two three"),
        (r#"meta.lastModified ge "2026-01-01T00:02:00Z" and meta.created lt "2026-01-01T00:02:00Z""#, "one"),
    ];
    ask(world, &cx, &Kind::USER, &cases).await;
}

async fn ids_are_compared_as_they_are_written(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    let id = world.user(&cx, "eve").await.stored.id.to_string();
    let cases = [
        (format!("id eq \"{id}\""), "eve"),
        (format!("id eq \"{}\"", id.to_uppercase()), ""),
        (format!("id eq \"{}\"", id.replace('-', "")), ""),
        (format!("id ew \"{}\"", &id[20..]), "eve"),
        (format!("id ge \"{id}\""), "eve"),
        ("id eq \"nobody\"".to_owned(), ""),
        (format!("id eq \"{id}\" or userName eq \"zed\""), "zed eve"),
    ];
    for (filter, expected) in cases {
        ask(world, &cx, &Kind::USER, &[(&filter, expected)]).await;
    }
}

async fn a_start_that_ends_with_the_last_character_is_found(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    world.user(&cx, "a\u{10FFFF}\u{10FFFF}\u{10FFFF}b").await;
    world.user(&cx, "b").await;
    for start in ["a", "a\u{10FFFF}", "a\u{10FFFF}\u{10FFFF}\u{10FFFF}"] {
        let found = world.list(&cx, &Kind::USER, &format!("userName sw \"{start}\"")).await.unwrap();
        assert_eq!(found.len(), 1, "{start}");
    }
}

async fn memberships_are_found_from_both_ends(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let (ada, bob) = (world.user(&cx, "ada").await, world.user(&cx, "bob").await);
    world.user(&cx, "carol").await;
    let inner = world.group(&cx, "Inner", &[ada.stored.id]).await;
    let outer = world.group(&cx, "Outer", &[ada.stored.id, bob.stored.id, inner.stored.id]).await;
    let with_ids = |filter: &str| {
        filter.replace("{inner}", &inner.stored.id.to_string()).replace("{outer}", &outer.stored.id.to_string())
    };
    for (filter, expected) in [
        ("groups.value eq \"{inner}\"", "ada"),
        ("groups eq \"{outer}\"", "ada bob"),
        ("groups[value eq \"{outer}\"]", "ada bob"),
        ("groups[value eq \"{outer}\" and display eq \"inner\"]", ""),
        ("groups[value eq \"{inner}\" and display eq \"inner\"]", "ada"),
        ("groups.value eq \"{outer}\" and not (groups.value eq \"{inner}\")", "bob"),
        ("groups.value ne \"{inner}\"", "ada bob carol"),
        ("groups.display eq \"OUTER\"", "ada bob"),
        ("groups.display sw \"Inn\"", "ada"),
        ("groups.type eq \"direct\"", "ada bob"),
        ("groups pr", "ada bob"),
        ("not (groups pr)", "carol"),
        ("groups.value eq \"nobody\"", ""),
    ] {
        ask(world, &cx, &Kind::USER, &[(&with_ids(filter), expected)]).await;
    }
    for (filter, expected) in [
        (format!("members.value eq \"{}\"", ada.stored.id), "inner outer"),
        (format!("members eq \"{}\"", bob.stored.id), "outer"),
        (format!("members[value eq \"{}\"]", inner.stored.id), "outer"),
        (format!("members[value eq \"{}\" and type eq \"User\"]", inner.stored.id), ""),
        (format!("members.value eq \"{}\" and displayName eq \"INNER\"", ada.stored.id), "inner"),
        ("members.type eq \"Group\"".to_owned(), "outer"),
        ("members pr".to_owned(), "inner outer"),
        (format!("members.value eq \"{}\"", bob.stored.id.to_string().to_uppercase()), ""),
    ] {
        ask(world, &cx, &Kind::GROUP, &[(&filter, expected)]).await;
    }
}

async fn what_is_not_a_user_is_not_listed_among_users(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let ada = world.create(&cx, &Kind::USER, json!({"userName": "ada", "displayName": "Same"})).await.unwrap();
    let group = world.group(&cx, "Same", &[ada.stored.id]).await;
    for (kind, expected) in [(Kind::USER, &ada), (Kind::GROUP, &group)] {
        for filter in ["", "displayName eq \"same\"", "displayName sw \"s\"", "displayName co \"am\""] {
            let found = world.list(&cx, &kind, filter).await.unwrap();
            let ids: Vec<_> = found.iter().map(|view| view.stored.id).collect();
            assert_eq!(ids, [expected.stored.id], "{kind} {filter}");
        }
        let other = if kind == Kind::USER { &group } else { &ada };
        let foreign = format!("id eq \"{}\"", other.stored.id);
        assert!(world.list(&cx, &kind, &foreign).await.unwrap().is_empty(), "{kind}");
    }
}

async fn sorted(world: &World, cx: &OpContext, filter: &str, sort: Sort) -> String {
    let query = ListQuery { sort: Some(sort), ..world.query(&Kind::USER, filter).unwrap() };
    names(&world.provisioning.page(cx, &Kind::USER, &query, Show::Related).await.unwrap().views).join(" ")
}

async fn lists_are_sorted_and_what_is_missing_comes_last(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    let by = |path: &str, descending| world.sort(&Kind::USER, path, descending);
    for (path, filter, ascending, descending) in [
        ("userName", "", "ada adele bob carol zed", "zed carol bob adele ada"),
        ("title", "", "bob ada adele carol zed", "carol zed ada adele bob"),
        ("title", "title pr", "bob ada adele", "ada adele bob"),
        ("active", "", "bob ada carol adele zed", "adele zed ada carol bob"),
        // ada's primary address, bob's first and adele's only one; the first two are the same text.
        ("emails.value", "", "ada bob adele carol zed", "carol zed adele ada bob"),
        ("externalId", r#"externalId eq "X-1" or externalId eq "x-1""#, "ada carol bob", "bob ada carol"),
        ("meta.created", "", "ada bob carol adele zed", "ada bob carol adele zed"),
        ("id", "", "ada bob carol adele zed", "zed adele carol bob ada"),
    ] {
        assert_eq!(sorted(world, &cx, filter, by(path, false)).await, ascending, "{path}");
        assert_eq!(sorted(world, &cx, filter, by(path, true)).await, descending, "{path} descending");
    }
}

async fn pages_are_windows_of_one_order(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    for index in 0..7 {
        let title = if index % 2 == 0 { "even" } else { "odd" };
        world.create(&cx, &Kind::USER, json!({"userName": format!("user-{index}"), "title": title})).await.unwrap();
    }
    let page = async |filter: &str, sort: Option<Sort>, offset, limit| {
        let query = ListQuery { sort, offset, limit, ..world.query(&Kind::USER, filter).unwrap() };
        let listing = world.provisioning.page(&cx, &Kind::USER, &query, Show::Document).await.unwrap();
        let ends: Vec<_> = names(&listing.views).iter().map(|name| name.replace("user-", "")).collect();
        (listing.total, ends.concat())
    };
    assert_eq!(page("", None, 0, 3).await, (7, "012".to_owned()));
    assert_eq!(page("", None, 3, 3).await, (7, "345".to_owned()));
    assert_eq!(page("", None, 6, 3).await, (7, "6".to_owned()));
    assert_eq!(page("", None, 7, 3).await, (7, String::new()));
    assert_eq!(page("", None, u64::MAX, 3).await, (7, String::new()));
    assert_eq!(page("", None, 4, u64::MAX).await, (7, "456".to_owned()));
    assert_eq!(page("", None, u64::MAX, u64::MAX).await, (7, String::new()));
    assert_eq!(page("userName sw \"user\"", None, 5, 10).await, (7, "56".to_owned()));
    assert_eq!(page("title eq \"even\"", None, 1, 2).await, (4, "24".to_owned()));
    assert_eq!(page("title eq \"even\"", None, u64::MAX, u64::MAX).await, (4, String::new()));
    let down = || Some(world.sort(&Kind::USER, "userName", true));
    assert_eq!(page("", down(), 2, 3).await, (7, "432".to_owned()));
    assert_eq!(page("title eq \"odd\"", down(), 1, 5).await, (3, "31".to_owned()));
}

async fn a_count_of_nought_gives_the_total_alone(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    people(world, &cx).await;
    for (filter, total) in [("", 5), ("userName sw \"ad\"", 2), ("title pr", 3), ("userName eq \"nobody\"", 0)] {
        let query = ListQuery { limit: 0, ..world.query(&Kind::USER, filter).unwrap() };
        let listing = world.provisioning.page(&cx, &Kind::USER, &query, Show::Related).await.unwrap();
        assert_eq!((listing.total, listing.views.len()), (total, 0), "{filter}");
    }
}

async fn more_than_a_batch_is_looked_through(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let creates = (0..1_000).map(|index| {
        let title = format!("t-{}", index % 2);
        world.create(&cx, &Kind::USER, json!({"userName": format!("user-{index:04}"), "title": title}))
    });
    for created in join_all(creates).await {
        created.unwrap();
    }
    let query = ListQuery {
        sort: Some(world.sort(&Kind::USER, "userName", true)),
        offset: 498,
        limit: 5,
        ..world.query(&Kind::USER, "title eq \"t-1\"").unwrap()
    };
    let listing = world.provisioning.page(&cx, &Kind::USER, &query, Show::Related).await.unwrap();
    assert_eq!((listing.total, names(&listing.views)), (500, vec!["user-0003".to_owned(), "user-0001".to_owned()]));
    assert_eq!(world.list(&cx, &Kind::USER, "not (title eq \"x\")").await.unwrap().len(), 1_000);
}

async fn a_list_of_groups_with_too_many_members_is_refused(world: &World) {
    let cx = world.cx(&world.tenant("acme").await);
    let count = usize::try_from(LIST_MEMBERS_LIMIT).unwrap() / 2 + 1;
    let names: Vec<_> = (0..count).map(|index| format!("user-{index}")).collect();
    let created = join_all(names.iter().map(|name| world.user(&cx, name))).await;
    let ids: Vec<_> = created.iter().map(|view| view.stored.id).collect();
    for name in ["one", "two"] {
        world.group(&cx, name, &ids).await;
    }
    let refused = world.list(&cx, &Kind::GROUP, "").await;
    assert!(
        matches!(&refused, Err(Error::Invalid(fault)) if fault.scim_type == Some(ScimType::TooMany)),
        "{refused:?}"
    );
    let query = world.query(&Kind::GROUP, "").unwrap();
    assert_eq!(world.provisioning.page(&cx, &Kind::GROUP, &query, Show::Document).await.unwrap().views.len(), 2);
    assert_eq!(world.list(&cx, &Kind::GROUP, "displayName eq \"one\"").await.unwrap().len(), 1);
}
