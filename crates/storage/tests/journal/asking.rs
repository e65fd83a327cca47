//! Questions at random, and the answers of the evaluator.

use domain::directory::{Kind, View};
use domain::ids::ResourceId;
use domain::store::{ListQuery, Sort};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use scim_protocol::sort::SortKey;
use serde_json::{Map, Value};
use testkit::World;

use crate::people::text;

/// What is asked of the users of a tenant.
#[derive(Clone, Debug)]
pub struct Question {
    pub filter: String,
    pub sort: Option<(&'static str, bool)>,
    pub offset: u64,
    pub limit: u64,
}

/// The paths that get an index while they are asked about.
pub const PATHS: [&str; 7] = [
    "title",
    "name.familyName",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
    "phoneNumbers.value",
    "emails.type",
    "active",
];

const SORTS: [&str; 6] = ["userName", "displayName", "externalId", "meta.created", "meta.lastModified", "title"];

pub fn question() -> impl Strategy<Value = Question> {
    let filter = prop_oneof![12 => filter(), 1 => select(vec![String::new()])];
    // Where the page begins: often at the beginning, sometimes deep among those that fill the list up.
    let offset = prop_oneof![3 => 0..4_u64, 1 => 0..300_u64];
    (filter, sort(), offset, select(vec![0, 1, 3, 20, 1_000])).prop_map(|(filter, sort, offset, limit)| Question {
        filter,
        sort,
        offset,
        limit,
    })
}

pub fn sort() -> impl Strategy<Value = Option<(&'static str, bool)>> {
    option::of((select(SORTS.to_vec()), any::<bool>()))
}

fn filter() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" and "))),
            vec(inner.clone(), 2..4).prop_map(|terms| format!("({})", terms.join(" or "))),
            inner.prop_map(|term| format!("not ({term})")),
        ]
    })
}

fn operator() -> impl Strategy<Value = &'static str> {
    select(vec!["eq", "eq", "ne", "co", "sw", "sw", "ew", "gt", "ge", "lt", "le"])
}

fn atom() -> impl Strategy<Value = String> {
    let paths = select(
        [&PATHS[..6], &["userName", "externalId", "displayName", "emails", "phoneNumbers", "department"]].concat(),
    );
    let compared = (paths, operator(), text())
        .prop_map(|(path, operator, value)| format!("{path} {operator} {}", Value::from(value)));
    let present = select(PATHS.to_vec()).prop_map(|path| format!("{path} pr"));
    let flag = select(vec!["active eq true", "active eq false", "active ne true", "active ne false", "title eq null"]);
    let element = (select(vec!["emails", "phoneNumbers"]), inside(), option::of((select(vec!["and", "or"]), inside())))
        .prop_map(|(path, one, more)| match more {
            None => format!("{path}[{one}]"),
            Some((word, other)) => format!("{path}[{one} {word} {other}]"),
        });
    let moment = (
        select(vec!["meta.created", "meta.lastModified"]),
        select(vec!["eq", "ne", "gt", "ge", "lt", "le"]),
        0..40_u32,
    )
        .prop_map(|(path, operator, second)| format!("{path} {operator} \"2026-01-01T00:00:{second:02}Z\""));
    prop_oneof![8 => compared, 2 => present, 1 => flag.prop_map(str::to_owned), 3 => element, 1 => moment]
}

/// What one element of a multi-valued attribute has to be.
fn inside() -> impl Strategy<Value = String> {
    let compared =
        (operator(), text()).prop_map(|(operator, value)| format!("value {operator} {}", Value::from(value)));
    let fixed = select(vec![
        "type eq \"work\"",
        "type ne \"home\"",
        "primary eq true",
        "type pr",
        "value pr",
        "not (type sw \"h\")",
    ]);
    prop_oneof![compared, fixed.prop_map(str::to_owned)]
}

impl Question {
    pub fn query(&self, world: &World) -> ListQuery {
        let sort = self.sort.map(|(path, descending)| world.sort(&Kind::USER, path, descending));
        let (offset, limit) = (self.offset, self.limit);
        ListQuery { sort, offset, limit, groups: false, ..world.query(&Kind::USER, &self.filter).unwrap() }
    }

    /// The total and the page, by reading every document. `there` is in order of creation.
    pub fn answer<'v>(&self, query: &ListQuery, there: &'v [Shown]) -> (u64, Vec<&'v View>) {
        let mut matching: Vec<(SortKey, &View)> = Vec::new();
        for Shown { view, document } in there {
            if query.condition.as_ref().is_none_or(|condition| condition.matches(document)) {
                let key = query.sort.as_ref().map_or(SortKey::Missing, |sort| SortKey::of(&sort.field, document));
                matching.push((key, view));
            }
        }
        matching.sort_by(|(left, _), (right, _)| match &query.sort {
            Some(Sort { descending: true, .. }) => right.compare(left),
            _ => left.compare(right),
        });
        let (offset, limit) = (usize::try_from(self.offset).unwrap(), usize::try_from(self.limit).unwrap());
        let total = matching.len() as u64;
        (total, matching.into_iter().map(|(_, view)| view).skip(offset).take(limit).collect())
    }
}

/// A user, and the document that filters see.
pub struct Shown {
    pub view: View,
    pub document: Map<String, Value>,
}

impl Shown {
    pub fn new(world: &World, view: View) -> Self {
        let document = view.stored.document(world.types.get(&Kind::USER).unwrap(), &view.related);
        Self { view, document }
    }
}

/// Enough to tell in a message which user it is.
pub fn brief(view: &View) -> (ResourceId, i64, String) {
    let doc = serde_json::to_string(view.stored.resource.attributes()).unwrap();
    (view.stored.id, view.stored.version, doc)
}
