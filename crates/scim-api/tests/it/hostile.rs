//! Whatever is thrown at any route: never a 5xx, never a panic, always SCIM, and what is refused changes nothing.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, IF_MATCH, IF_NONE_MATCH};
use actix_web::http::{Method, Uri};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::face::{ENTERPRISE, Face, ada, encoded, id, patch_op};

/// A face with somebody in it, to whom all of a test's requests go.
struct Target {
    runtime: Runtime,
    face: Face,
    user: String,
    group: String,
}

impl Target {
    fn new() -> Self {
        Self::on(Face::sqlite())
    }

    /// One on each database.
    fn both() -> [Self; 2] {
        [Self::on(Face::sqlite()), Self::on(Face::postgres())]
    }

    fn on(face: impl Future<Output = Face>) -> Self {
        let runtime = Runtime::new().unwrap();
        let (face, user, group) = runtime.block_on(async {
            let face = face.await;
            let user = face.post("/Users", ada()).await.created();
            let group = face.new_group("Lab", &[&user]).await;
            (face, user, group)
        });
        Self { runtime, face, user, group }
    }

    fn paths(&self) -> Vec<String> {
        let fixed = [
            "",
            "/.search",
            "/Users/.search",
            "/Users",
            "/Groups",
            "/ServiceProviderConfig",
            "/ResourceTypes",
            "/Schemas",
            "/Bulk",
            "/Me",
        ];
        fixed.map(str::to_owned).into_iter().chain([self.user.clone(), self.group.clone()]).collect()
    }

    /// Sends it to every path.
    fn throw(&self, method: &Method, query: &str, body: &[u8]) -> Result<(), TestCaseError> {
        for path in self.paths() {
            self.throw_at(method, &format!("{path}{query}"), body)?;
        }
        Ok(())
    }

    fn throw_at(&self, method: &Method, path: &str, body: &[u8]) -> Result<(), TestCaseError> {
        let uri = format!("/t/acme/scim/v2{path}");
        if uri.parse::<Uri>().is_err() {
            return Ok(());
        }
        let ask = self.face.ask(method.clone(), path).bytes(body.to_vec());
        let answer = self.runtime.block_on(ask.send());
        let is_fine = answer.status < 500 || (answer.status == 501 && path.starts_with("/Me"));
        prop_assert!(is_fine, "{method} {path} {:?}: {answer:?}", String::from_utf8_lossy(body));
        Ok(())
    }

    /// Sends it to one path, of which a refusal must leave everything as it was.
    fn throw_whole(&self, method: &Method, path: &str, body: &[u8]) -> Result<(), TestCaseError> {
        let before = self.state();
        let ask = self.face.ask(method.clone(), path).bytes(body.to_vec());
        let answer = self.runtime.block_on(ask.send());
        prop_assert!(answer.status < 500, "{method} {path} {:?}: {answer:?}", String::from_utf8_lossy(body));
        if answer.status >= 400 {
            prop_assert_eq!(before, self.state(), "{} {} {:?}", method, path, String::from_utf8_lossy(body));
        }
        Ok(())
    }

    /// Everything there is, with its versions.
    fn state(&self) -> Value {
        self.runtime.block_on(async {
            let resources = self.face.get("/?count=1000").await.is(200).json();
            resources["Resources"].clone()
        })
    }

    fn run<S: Strategy>(self, cases: u32, strategy: &S, test: impl Fn(&Self, S::Value) -> Result<(), TestCaseError>) {
        let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) };
        TestRunner::new(config).run(strategy, |value| test(&self, value)).unwrap_or_else(|error| panic!("{error}"));
        self.runtime.block_on(async {
            self.face.get("/Users").await.is(200);
            self.face.get("/Groups?excludedAttributes=members").await.is(200);
        });
    }
}

fn method() -> impl Strategy<Value = Method> {
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW"];
    select(names.map(|name| Method::from_bytes(name.as_bytes()).unwrap()).to_vec())
}

fn write() -> impl Strategy<Value = Method> {
    select(vec![Method::POST, Method::PUT, Method::PATCH])
}

/// Names and values that mean something here, so that much of it gets far.
fn word() -> impl Strategy<Value = String> {
    let known = [
        "schemas",
        "Operations",
        "op",
        "path",
        "value",
        "add",
        "replace",
        "Remove",
        "userName",
        "USERNAME",
        "name",
        "name.givenName",
        "givenName",
        "emails",
        "emails[type eq \"work\"]",
        "emails[type eq \"work\"].value",
        "type",
        "primary",
        "active",
        "True",
        "manager",
        "members",
        "members[value eq \"x\"]",
        "$ref",
        "displayName",
        "id",
        "externalId",
        "meta",
        "meta.version",
        "groups",
        "password",
        "x509Certificates",
        "addresses",
        "roles",
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:Group",
        "urn:ietf:params:scim:api:messages:2.0:PatchOp",
        scim_protocol::urn::SEARCH_REQUEST,
        scim_protocol::urn::BULK_REQUEST,
        "bulkId",
        "bulkId:a",
        "method",
        "POST",
        "DELETE",
        "/Users",
        "/Groups/bulkId:a",
        "data",
        "failOnErrors",
        "filter",
        "cursor",
        "sortBy",
        "count",
    ];
    prop_oneof![6 => select(known.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((word(), inner), 0..5).prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

#[test]
fn arbitrary_bytes() {
    let bytes = (method(), vec(any::<u8>(), 0..64));
    Target::new().run(48, &bytes, |target, (method, body)| target.throw(&method, "", &body));
}

#[test]
fn bytes_that_are_nearly_json() {
    let texts = (write(), "[\\[\\]{}:,\"\\\\u0-9eE.+a-d -]{0,60}");
    Target::new().run(48, &texts, |target, (method, body)| target.throw(&method, "", body.as_bytes()));
}

#[test]
fn arbitrary_json() {
    Target::new().run(64, &(write(), any_json()), |target, (method, body)| {
        target.throw(&method, "", body.to_string().as_bytes())
    });
}

#[test]
fn documents_with_arbitrary_attributes() {
    let documents = (write(), vec((word(), any_json()), 0..6));
    Target::new().run(96, &documents, |target, (method, members)| {
        for (path, urn) in [("/Users", scim_protocol::urn::USER), ("/Groups", scim_protocol::urn::GROUP)] {
            let mut body = json!({"userName": "eve", "displayName": "Eve"});
            for (name, value) in &members {
                body[name] = value.clone();
            }
            body["schemas"] = json!([urn]);
            let body = body.to_string();
            let single = if path == "/Users" { &target.user } else { &target.group };
            target.throw_whole(&method, path, body.as_bytes())?;
            target.throw_whole(&method, single, body.as_bytes())?;
        }
        Ok(())
    });
}

fn operation() -> impl Strategy<Value = Value> {
    let kind = select(vec!["add", "Replace", "remove", "move"]);
    let paths = [
        "",
        "userName",
        "name",
        "name.familyName",
        "emails",
        "emails.value",
        "emails[type eq \"work\"]",
        "emails[type eq \"new\"].value",
        "emails[value pr].primary",
        "emails[primary eq \"True\"]",
        "active",
        "members",
        "members[type eq \"User\"]",
        "members.value",
        "groups",
        "id",
        "meta",
        "schemas",
        "password",
        "manager",
        ENTERPRISE,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "x509Certificates[value eq \"x\"]",
        "addresses[type eq \"work\"].formatted",
        "displayName",
        "externalId",
    ];
    let path = prop_oneof![8 => select(paths.to_vec()).prop_map(str::to_owned), 1 => word(), 1 => any::<String>()];
    (kind, proptest::option::of(path), proptest::option::of(any_json())).prop_map(|(kind, path, value)| {
        let mut operation = json!({"op": kind});
        if let Some(path) = path {
            operation["path"] = path.into();
        }
        if let Some(value) = value {
            operation["value"] = value;
        }
        operation
    })
}

#[test]
fn arbitrary_patches() {
    for target in Target::both() {
        target.run(128, &vec(operation(), 0..5), |target, operations| {
            let body = patch_op(&json!(operations)).to_string();
            target.throw_whole(&Method::PATCH, &target.user, body.as_bytes())?;
            target.throw_whole(&Method::PATCH, &target.group, body.as_bytes())?;
            target.throw_at(&Method::PATCH, &format!("{}?attributes=members,emails", target.group), body.as_bytes())
        });
    }
}

fn bulk_operation() -> impl Strategy<Value = Value> {
    let method = select(vec!["POST", "put", "PATCH", "DELETE", "GET"]);
    let path =
        select(vec!["/Users", "/Groups", "/Groups/bulkId:a", "/Users/bulkId:b", "/Me", "", "/Users/1", "Groups"]);
    let bulk_id = proptest::option::of(select(vec!["a", "b", "c", ""]));
    let document = vec((word(), any_json()), 0..3).prop_map(|members| {
        let mut body = json!({
            "schemas": [scim_protocol::urn::GROUP], "displayName": "G", "members": [{"value": "bulkId:a"}],
        });
        for (name, value) in members {
            body[name] = value;
        }
        body
    });
    let data = prop_oneof![document, vec(operation(), 0..3).prop_map(|it| patch_op(&json!(it))), any_json()];
    (method, path, bulk_id, data).prop_map(
        |(method, path, bulk_id, data)| json!({"method": method, "path": path, "bulkId": bulk_id, "data": data}),
    )
}

#[test]
fn arbitrary_bulk_requests() {
    for target in Target::both() {
        let requests = (vec(bulk_operation(), 0..6), proptest::option::of(0..3_i64));
        target.run(96, &requests, |target, (operations, fail_on_errors)| {
            let mut body = json!({"schemas": [scim_protocol::urn::BULK_REQUEST], "Operations": operations});
            if let Some(errors) = fail_on_errors {
                body["failOnErrors"] = errors.into();
            }
            target.throw_at(&Method::POST, "/Bulk", body.to_string().as_bytes())
        });
    }
}

#[test]
fn arbitrary_searches() {
    let members = vec((word(), any_json()), 0..5);
    Target::new().run(128, &members, |target, members| {
        let mut body = Map::from_iter(members);
        body.insert("schemas".to_owned(), json!([scim_protocol::urn::SEARCH_REQUEST]));
        let body = Value::Object(body).to_string();
        for path in ["/.search", "/Users/.search", "/Groups/.search"] {
            target.throw_at(&Method::POST, path, body.as_bytes())?;
        }
        Ok(())
    });
}

/// What is handed out is changed in one place and handed back.
#[test]
fn cursors_that_are_nearly_ours() {
    let change = (any::<prop::sample::Index>(), any::<u8>(), any::<bool>());
    Target::new().run(96, &change, |target, (index, byte, is_cut)| {
        let page = target.runtime.block_on(target.face.get("/?count=1&cursor="));
        let mut cursor = page.json()["nextCursor"].as_str().unwrap().as_bytes().to_vec();
        let index = index.index(cursor.len());
        if is_cut {
            cursor.truncate(index);
        } else {
            cursor[index] = byte;
        }
        let cursor = String::from_utf8_lossy(&cursor).into_owned();
        let path = format!("/?count=1&cursor={}", encoded(&cursor));
        target.throw_at(&Method::GET, &path, b"")
    });
}

#[test]
fn arbitrary_query_strings() {
    let queries = (method(), "[?&=%+a-z0-9\\[\\]\"()]{0,40}");
    Target::new().run(48, &queries, |target, (method, query)| target.throw(&method, &format!("?{query}"), b""));
}

#[test]
fn arbitrary_values_of_our_parameters() {
    let names = ["filter", "attributes", "excludedAttributes", "sortBy", "sortOrder", "startIndex", "count", "cursor"];
    let number = any::<i64>().prop_map(|number| number.to_string());
    let value = prop_oneof![word(), number, any::<String>()];
    let parameters = vec((select(names.to_vec()), value), 0..4);
    Target::new().run(128, &parameters, |target, parameters| {
        let query: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        target.throw(&Method::GET, &format!("?{}", query.join("&")), b"")
    });
}

/// Text made of the pieces that filters are made of, which gets further than arbitrary text.
#[test]
fn nearly_filters() {
    let pieces = [
        "userName",
        "emails",
        "emails.value",
        "active",
        "meta.lastModified",
        "groups",
        "members",
        "id",
        "urn:a:b",
        "not",
        "and",
        "or",
        "pr",
        "eq",
        "ne",
        "co",
        "sw",
        "gt",
        "le",
        "[",
        "]",
        "(",
        ")",
        ".value",
        "\"",
        "\\",
        "\"x\"",
        "\"é\"",
        "\"\u{10ffff}\"",
        "\"2026-01-01T00:00:00Z\"",
        "-",
        "1e9",
        "-1",
        "true",
        "null",
        "\u{0}",
    ];
    let terms = [
        "userName",
        "emails",
        "emails.type",
        "displayName",
        "externalId",
        "groups",
        "members",
        "id",
        "title",
        "schemas",
    ];
    let operators = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];
    let values = ["\"\"", "\"x\"", "\"\u{10ffff}\"", "\"\\ud83d\\ude00\"", "null", "\"%_\\\\\"", "\"'\""];
    let term = (select(terms.to_vec()), select(operators.to_vec()), select(values.to_vec()))
        .prop_map(|(path, operator, value)| format!("{path} {operator} {value}"));
    let filter = prop_oneof![
        vec(select(pieces.to_vec()), 0..14).prop_map(|pieces| pieces.join(" ")),
        vec(term, 1..4).prop_map(|terms| terms.join(" or ")),
    ];
    for target in Target::both() {
        target.run(128, &filter, |target, filter| {
            for endpoint in ["/Users", "/Groups", "/"] {
                target.throw_at(&Method::GET, &format!("{endpoint}?filter={}", encoded(&filter)), b"")?;
            }
            Ok(())
        });
    }
}

#[test]
fn arbitrary_paths() {
    let paths = (method(), prop_oneof!["[/a-zA-Z.%0-9:]{0,30}", any::<String>().prop_map(|text| encoded(&text))]);
    Target::new().run(96, &paths, |target, (method, path)| {
        for prefix in ["/", "/Users/", "/Schemas/", "/ResourceTypes/"] {
            target.throw_at(&method, &format!("{prefix}{path}"), b"{}")?;
        }
        Ok(())
    });
}

#[test]
fn arbitrary_headers() {
    let value = prop_oneof![vec(any::<u8>(), 0..24), "[W/\"0-9,*a-f -]{0,16}".prop_map(String::into_bytes)];
    let headers = (method(), select(vec![IF_MATCH, IF_NONE_MATCH, ACCEPT, CONTENT_TYPE]), value);
    Target::new().run(128, &headers, |target, (method, name, value)| {
        let Ok(value) = HeaderValue::from_bytes(&value) else {
            return Ok(());
        };
        for path in target.paths() {
            let ask = target.face.ask(method.clone(), &path).header((name.clone(), value.clone())).bytes("{}");
            let answer = target.runtime.block_on(ask.send());
            let is_fine = answer.status < 500 || (answer.status == 501 && path.starts_with("/Me"));
            prop_assert!(is_fine, "{method} {path} {name}: {value:?}: {answer:?}");
        }
        Ok(())
    });
}

/// Texts that have broken databases before: long ones, the last character there is, wildcards, quotes.
#[tokio::test]
async fn awkward_texts_are_stored_found_and_sorted() {
    let face = Face::sqlite().await;
    let long = "x".repeat(100_000);
    let texts =
        [long.as_str(), "\u{10ffff}", "%", "_", "'", "\\", "\u{feff}", "\u{202e}abc", "ﬃ", "\u{1}", "null", "{}"];
    for text in texts {
        let body = json!({
            "schemas": [scim_protocol::urn::USER], "userName": text, "externalId": text, "displayName": text,
            "emails": [{"value": text, "type": text}],
        });
        let path = face.post("/Users", body).await.created();
        if text.len() > 1000 {
            continue;
        }
        for name in ["userName", "externalId", "displayName", "emails", "emails.type"] {
            for operator in ["eq", "sw", "co", "ew"] {
                let filter = format!("id eq \"{}\" and {name} {operator} {}", id(&path), json!(text));
                assert_eq!(face.find("/Users", &filter).await.total(), 1, "{filter}");
            }
        }
    }
    let sorted = face.get("/Users?sortBy=displayName&attributes=userName").await.is(200);
    assert_eq!(sorted.total(), texts.len() as u64);
}
