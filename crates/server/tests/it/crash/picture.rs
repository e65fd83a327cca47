//! Everything there is, as lists show it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::caller::Caller;
use crate::patience::in_the_end;

/// Small enough for several pages.
const PAGE: usize = 60;

pub struct Picture {
    /// By id.
    pub users: BTreeMap<String, Value>,
    /// By the group's id.
    pub members: BTreeMap<String, BTreeSet<String>>,
}

impl Picture {
    /// There have to be exactly these groups.
    pub async fn take(caller: &Caller, groups: &[String]) -> Self {
        let users = all(caller, "/Users", "").await;
        let listed = all(caller, "/Groups", "&excludedAttributes=members").await;
        assert!(listed.keys().eq(BTreeSet::from_iter(groups)), "{listed:?} are not {groups:?}");
        let mut members = BTreeMap::new();
        for group in groups {
            let address = format!("/Groups/{group}");
            let shown = in_the_end(async || caller.get(&address).await).await.expect(200).json();
            members.insert(group.clone(), values(&shown["members"]));
        }
        Self { users, members }
    }

    /// The id of the user of this name.
    pub fn id_of(&self, name: &str) -> Option<String> {
        self.users.iter().find(|(_, shown)| shown["userName"] == name).map(|(id, _)| id.clone())
    }

    /// The groups that a user shows.
    pub fn groups_of(&self, id: &str) -> BTreeSet<String> {
        values(&self.users[id]["groups"])
    }
}

/// Everything at an address, page by page; there has to be as much of it as the total says.
async fn all(caller: &Caller, path: &str, parameters: &str) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    loop {
        let start = found.len() + 1;
        let address = format!("{path}?startIndex={start}&count={PAGE}{parameters}");
        let page = in_the_end(async || caller.get(&address).await).await.expect(200).json();
        let resources = page["Resources"].as_array().unwrap();
        for resource in resources {
            let before = found.insert(resource["id"].as_str().unwrap().to_owned(), resource.clone());
            assert_eq!(before, None, "listed twice");
        }
        if resources.is_empty() {
            assert_eq!(page["totalResults"], found.len(), "{path}");
            return found;
        }
    }
}

/// The `value` of each element; no two are the same.
fn values(elements: &Value) -> BTreeSet<String> {
    let elements: Vec<&Value> = elements.as_array().into_iter().flatten().collect();
    let values: BTreeSet<String> = elements.iter().map(|it| it["value"].as_str().unwrap().to_owned()).collect();
    assert_eq!(values.len(), elements.len(), "{elements:?}");
    values
}
