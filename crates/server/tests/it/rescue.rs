//! What operators do when something has gone wrong, or must not: backups, moving, erasing, and asking what is the matter.

mod backups;
mod doctor;
mod dump;
mod moving;
mod people;

use std::collections::BTreeMap;

use serde_json::Value;
use storage::Target;

use crate::binary::Home;
use crate::caller::Caller;

/// Where people find the installation, wherever it really is, so that answers are alike to the byte.
pub const PUBLIC_URL: &str = "https://rollcall.example";

/// Everything of an embedded home is below its folder.
pub fn file(home: &Home) -> Target {
    Target::Sqlite { path: home.path("rollcall-data/rollcall.sqlite") }
}

/// An embedded home with a tenant; gives its token.
pub fn embedded() -> (Home, String) {
    let home = Home::empty().set("ROLLCALL__PUBLIC_URL", PUBLIC_URL);
    let token = open_tenant(&home, "acme");
    (home, token)
}

pub fn open_tenant(home: &Home, slug: &str) -> String {
    home.json(&["tenant", "create", slug, "--with-token"])["token"].as_str().unwrap().to_owned()
}

/// Every resource as it is listed and as it is answered by itself: status, `ETag`, `Location` and body.
pub async fn answers(caller: &Caller) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    for path in ["/Users", "/Groups"] {
        let list = caller.get(&format!("{path}?count=1000")).await.expect(200);
        let resources = list.json()["Resources"].as_array().cloned().unwrap_or_default();
        answers.insert(path.to_owned(), list.body.clone());
        for resource in resources {
            let one = format!("{path}/{}", resource["id"].as_str().unwrap());
            let answer = caller.get(&one).await.expect(200);
            let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let shown = format!("{:?} {:?} {}", header("etag"), header("location"), answer.body);
            answers.insert(one, shown);
        }
    }
    answers
}

/// What was found of one kind by `rollcall doctor --json`, whatever its exit code.
pub fn finding<'f>(examined: &'f Value, check: &str) -> &'f Value {
    let all = examined["findings"].as_array().unwrap();
    all.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("no {check}: {examined}"))
}
