//! One filter, two readers: whatever is asked, the database gives what the evaluator of `scim-protocol` says.

use std::cell::Cell;

use domain::Error;
use domain::context::OpContext;
use domain::directory::{Kind, View};
use domain::ops::Show;
use domain::store::{FillStep, ListQuery, Position, Sort, Store as _, StoreError};
use domain::tenant::Tenant;
use domain::value_index::{IndexState, ValueIndex};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use scim_protocol::sort::SortKey;
use serde_json::{Value, json};
use testkit::clock::START;
use testkit::world::elements;
use testkit::{World, on_both_databases};
use tokio::runtime::Handle;

use crate::people::{ENTERPRISE, attributes, text};

on_both_databases! { World:
    lists_agree_with_the_evaluator,
}

/// A case: what there is, and what is asked.
#[derive(Clone, Debug)]
struct Case {
    users: Vec<Person>,
    groups: Vec<(String, Vec<Index>)>,
    /// Whether the tenant gets indexes, which are filled while and after people come.
    is_indexed: bool,
    questions: Vec<Question>,
}

#[derive(Clone, Debug)]
struct Person {
    created: Value,
    /// What it is replaced with afterwards, so that indexes have to follow.
    replaced: Option<Value>,
}

/// Filters hold `{user}` and `{group}` where an id is to stand.
#[derive(Clone, Debug)]
struct Question {
    kind: Kind,
    filter: String,
    ids: (Index, Index),
    sort: Option<(&'static str, bool)>,
    offset: u64,
    limit: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    let person = (attributes(), option::weighted(0.3, attributes()))
        .prop_map(|(created, replaced)| Person { created, replaced });
    let group = (text(), vec(any::<Index>(), 0..4));
    let all = (vec(person, 1..12), vec(group, 1..4), any::<bool>(), vec(question(), 1..24));
    all.prop_map(|(users, groups, is_indexed, questions)| Case { users, groups, is_indexed, questions })
}

fn question() -> impl Strategy<Value = Question> {
    let user_sort = option::of((
        select(vec!["userName", "title", "emails.value", "meta.lastModified", "groups.display"]),
        any::<bool>(),
    ));
    let group_sort = option::of((select(vec!["displayName", "members.value", "externalId"]), any::<bool>()));
    let asked = prop_oneof![
        3 => (Just(Kind::USER), filter_of(user_atom()), user_sort),
        1 => (Just(Kind::GROUP), filter_of(group_atom()), group_sort),
    ];
    (asked, any::<(Index, Index)>(), 0..3_u64, select(vec![0, 1, 3, 100]))
        .prop_map(|((kind, filter, sort), ids, offset, limit)| Question { kind, filter, ids, sort, offset, limit })
}

fn filter_of(atom: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    atom.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" and "))),
            vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" or "))),
            inner.prop_map(|term| format!("not ({term})")),
        ]
    })
}

fn operator() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("eq"), 2 => Just("sw"), 1 => select(vec!["ne", "co", "ew", "gt", "ge", "lt", "le"])]
}

fn comparison(paths: Vec<&'static str>) -> impl Strategy<Value = String> {
    (select(paths), operator(), text())
        .prop_map(|(path, operator, value)| format!("{path} {operator} {}", Value::from(value)))
}

fn user_atom() -> impl Strategy<Value = String> {
    let indexed = comparison(vec!["userName", "externalId", "displayName", "emails", "emails.value"]);
    let other = comparison(vec!["title", "name.familyName", "emails.type", "groups.display", "department"]);
    let element = (text(), operator(), text()).prop_map(|(value, operator, other)| {
        format!("emails[value eq {} and value {operator} {}]", Value::from(value), Value::from(other))
    });
    let fixed = select(vec![
        "active eq true",
        "active ne false",
        "title pr",
        "emails pr",
        "title eq null",
        "externalId ne null",
        "emails[type eq \"work\"]",
        "emails[value eq \"a\"]",
        "emails[value eq \"a\" and type eq \"home\"]",
        "emails[value eq \"a\" or primary eq true]",
        "emails[primary eq false]",
        "emails[primary ne true]",
        "emails.primary eq false",
        "emails.primary ne false",
        "emails[not (value eq \"a\")]",
        "id eq \"{user}\"",
        "id eq \"{group}\"",
        "id ge \"{user}\"",
        "groups.value eq \"{group}\"",
        "groups eq \"{user}\"",
        "groups.value ne \"{group}\"",
        "groups[value eq \"{group}\" and display sw \"a\"]",
        "groups pr",
        "meta.created eq \"2026-01-01T00:00:03Z\"",
        "meta.created ne \"2026-01-01T00:00:03Z\"",
        "meta.created lt \"2026-01-01T00:00:05Z\"",
        "meta.lastModified ge \"2026-01-01T00:00:04.000000Z\"",
        "meta.lastModified le \"2026-01-01T02:00:04+02:00\"",
    ])
    .prop_map(str::to_owned);
    prop_oneof![3 => indexed, 1 => other, 1 => element, 3 => fixed]
}

fn group_atom() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "id eq \"{group}\"",
        "members.value eq \"{user}\"",
        "members eq \"{group}\"",
        "members[value eq \"{user}\" and type eq \"user\"]",
        "members.value ne \"{user}\"",
        "members pr",
        "members.type eq \"Group\"",
        "meta.lastModified gt \"2026-01-01T00:00:04Z\"",
    ])
    .prop_map(str::to_owned);
    prop_oneof![1 => comparison(vec!["displayName", "externalId"]), 1 => fixed]
}

async fn lists_agree_with_the_evaluator(world: &World) {
    let config = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let count = Cell::new(0);
    let run = |case| {
        count.set(count.get() + 1);
        let slug = format!("case-{}", count.get());
        tokio::task::block_in_place(|| Handle::current().block_on(check(world, &slug, case)))
    };
    TestRunner::new(config).run(&cases(), run).unwrap();
}

async fn check(world: &World, slug: &str, case: Case) -> Result<(), TestCaseError> {
    world.clock.set(START);
    let tenant = world.tenant(slug).await;
    let mut tenant = if case.is_indexed { register(world, &tenant).await } else { tenant };
    let users = make_users(world, &tenant, case.users).await;
    let groups = make_groups(world, &tenant, case.groups, &users).await;
    if case.is_indexed {
        tenant = fill(world, &tenant).await;
    }
    let cx = world.cx(&tenant);
    for question in case.questions {
        let id =
            |index: Index, views: &[View]| views.get(index.index(views.len())).map(|view| view.stored.id.to_string());
        let filter = question.filter.replace("{user}", &id(question.ids.0, &users).unwrap());
        let filter = filter.replace("{group}", &id(question.ids.1, &groups).unwrap());
        let sort = question.sort.map(|(path, descending)| world.sort(&question.kind, path, descending));
        let (offset, limit) = (question.offset, question.limit);
        let query = ListQuery { sort, offset, limit, ..world.query(&question.kind, &filter).unwrap() };
        let there = if question.kind == Kind::USER { &users } else { &groups };
        let matching = evaluate(world, &cx, &question.kind, &query, there).await;
        let (total, skip) = (matching.len() as u64, usize::try_from(offset).unwrap());
        let page = matching.iter().skip(skip).take(usize::try_from(limit).unwrap());
        let (keys, views): (Vec<_>, Vec<_>) = page.cloned().unzip();
        let found = world.provisioning.page(&cx, &question.kind, &query, Show::Related).await.unwrap();
        prop_assert_eq!(&found.keys, &keys, "{} where {}: {:?}", question.kind, filter, query);
        prop_assert_eq!(
            (found.total, &found.views),
            (total, &views),
            "{} where {}: {:?}",
            question.kind,
            filter,
            query
        );

        // The same page from the place where the one before it ended.
        let Some((key, last)) = skip.checked_sub(1).and_then(|last| matching.get(last)) else { continue };
        let after = Some(Position { key: key.clone(), id: last.stored.id });
        let query = ListQuery { after, offset: 0, ..query };
        let found = world.provisioning.page(&cx, &question.kind, &query, Show::Related).await.unwrap();
        prop_assert_eq!(
            (found.total, &found.views),
            (total, &views),
            "{} where {}: {:?}",
            question.kind,
            filter,
            query
        );
        let is_last = (views.len() as u64) < limit;
        prop_assert_eq!(found.is_last, is_last, "{} where {}: {:?}", question.kind, filter, query);
    }
    Ok(())
}

/// A tenant that is asked about these often enough.
async fn register(world: &World, tenant: &Tenant) -> Tenant {
    let department = format!("{ENTERPRISE}:department");
    for path in ["title", "name.familyName", "active", "emails.type", "emails.primary", &department] {
        let index = ValueIndex { kind: Kind::USER, path: path.to_owned(), state: IndexState::Filling };
        world.store.work().register_index(&tenant.slug, &index, START).await.unwrap();
    }
    world.tenants.get(&tenant.slug).await.unwrap()
}

async fn fill(world: &World, tenant: &Tenant) -> Tenant {
    for index in &*tenant.indexes {
        let step = world.store.work().fill_index(&tenant.slug, index, START).await;
        assert_eq!(step, Ok(FillStep::Complete));
    }
    world.tenants.get(&tenant.slug).await.unwrap()
}

/// Those that the rules let in: a name that is taken or empty is passed over.
async fn make_users(world: &World, tenant: &Tenant, people: Vec<Person>) -> Vec<View> {
    let mut users = vec![world.user(&world.cx(tenant), "at least one").await];
    for Person { created, replaced } in people {
        world.clock.advance_seconds(1);
        if let Some(user) = let_in(world.create(&world.cx(tenant), &Kind::USER, created).await) {
            world.clock.advance_seconds(1);
            if let Some(replaced) = replaced {
                let_in(world.replace(&world.cx(tenant), &user, replaced).await);
            }
            users.push(user);
        }
    }
    users
}

fn let_in(result: Result<View, Error>) -> Option<View> {
    match result {
        Ok(view) => Some(view),
        Err(Error::Invalid(_) | Error::Store(StoreError::Taken { .. })) => None,
        Err(other) => panic!("{other:?}"),
    }
}

/// Their members are users and groups made before.
async fn make_groups(world: &World, tenant: &Tenant, wanted: Vec<(String, Vec<Index>)>, users: &[View]) -> Vec<View> {
    let mut groups = vec![world.group(&world.cx(tenant), "at least one", &[]).await];
    for (name, members) in wanted {
        world.clock.advance_seconds(1);
        let there: Vec<_> = users.iter().chain(&groups).map(|view| view.stored.id).collect();
        let members: Vec<_> = members.into_iter().map(|index| *index.get(&there)).collect();
        let document = json!({"displayName": name, "externalId": name, "members": elements(&members)});
        groups.extend(let_in(world.create(&world.cx(tenant), &Kind::GROUP, document).await));
    }
    groups
}

/// All that match in their order, by reading every document.
async fn evaluate(
    world: &World,
    cx: &OpContext,
    kind: &Kind,
    query: &ListQuery,
    there: &[View],
) -> Vec<(SortKey, View)> {
    let resource_type = world.types.get(kind).unwrap();
    let mut matching: Vec<(SortKey, View)> = Vec::new();
    for view in there {
        let view = world.get(cx, view).await.unwrap();
        let document = view.stored.document(resource_type, &view.related);
        if query.condition.as_ref().is_none_or(|condition| condition.matches(&document)) {
            let key = query.sort.as_ref().map_or(SortKey::Missing, |sort| SortKey::of(&sort.field, &document));
            matching.push((key, view));
        }
    }
    matching.sort_by(|(left, _), (right, _)| match &query.sort {
        Some(Sort { descending: true, .. }) => right.compare(left),
        _ => left.compare(right),
    });
    matching
}
