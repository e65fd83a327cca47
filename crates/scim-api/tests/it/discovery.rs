//! What the face says of itself, and that it is true (RFC 7644 §4).

use actix_web::http::Method;
use actix_web::http::header::ACCEPT;
use serde_json::{Value, json};

use crate::face::{BASE, ENTERPRISE, Face, Options, encoded, group, id, patch_op, path, user};

const ENDPOINTS: [&str; 3] = ["/ServiceProviderConfig", "/ResourceTypes", "/Schemas"];

#[tokio::test]
async fn the_service_provider_config_reads_like_this() {
    let face = Face::sqlite().await;
    insta::assert_json_snapshot!(face.get("/ServiceProviderConfig").await.readable());
}

#[tokio::test]
async fn the_resource_types_read_like_this() {
    let face = Face::sqlite().await;
    insta::assert_json_snapshot!(face.get("/ResourceTypes").await.readable());
}

/// Attributes as `name: type`, what is unusual about them behind it.
#[tokio::test]
async fn the_schemas_hold_these_attributes() {
    let face = Face::sqlite().await;
    let schemas = face.get("/Schemas").await.is(200).json();
    let outline: Value = schemas["Resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|schema| json!({"id": schema["id"], "attributes": outline(&schema["attributes"], "")}))
        .collect();
    insta::assert_json_snapshot!(outline);
}

fn outline(attributes: &Value, prefix: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for attribute in attributes.as_array().into_iter().flatten() {
        let name = format!("{prefix}{}", attribute["name"].as_str().unwrap());
        let mut parts = vec![format!("{name}: {}", attribute["type"].as_str().unwrap())];
        let usual = [("mutability", "readWrite"), ("returned", "default"), ("uniqueness", "none")];
        for (characteristic, usual) in usual {
            let given = attribute[characteristic].as_str().unwrap();
            parts.extend((given != usual).then(|| format!("{characteristic} {given}")));
        }
        let flags = ["multiValued", "required", "caseExact"];
        parts.extend(flags.into_iter().filter(|flag| attribute[flag] == true).map(str::to_owned));
        parts.extend(attribute.get("canonicalValues").map(Value::to_string));
        lines.push(parts.join(", "));
        lines.extend(outline(&attribute["subAttributes"], &format!("{name}.")));
    }
    lines
}

#[tokio::test]
async fn each_of_a_list_is_read_by_itself_at_its_location() {
    let face = Face::sqlite().await;
    for endpoint in ["/ResourceTypes", "/Schemas"] {
        let list = face.get(endpoint).await.is(200).json();
        assert_eq!(list["totalResults"], list["Resources"].as_array().unwrap().len());
        for resource in list["Resources"].as_array().unwrap() {
            let location = path(resource["meta"]["location"].as_str().unwrap());
            assert_eq!(location, format!("{endpoint}/{}", resource["id"].as_str().unwrap()));
            assert_eq!(face.get(&location).await.is(200).json(), *resource);
        }
    }
    let escaped = format!("/Schemas/{}", encoded(ENTERPRISE));
    assert_eq!(face.get(&escaped).await.is(200).json()["id"], ENTERPRISE);
    assert_eq!(face.get(&format!("/Schemas/{}", ENTERPRISE.to_uppercase())).await.is(200).json()["id"], ENTERPRISE);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let face = Face::sqlite().await;
    for path in [
        "/ServiceProviderConfig/x",
        "/ResourceTypes/Device",
        "/Schemas/urn:x:y",
        "/Schemas/urn:ietf:params:scim:api:messages:2.0:Error",
        "/Schemas/%ff",
    ] {
        face.get(path).await.is(404);
    }
}

#[tokio::test]
async fn filters_are_forbidden_and_other_parameters_passed_over() {
    let face = Face::sqlite().await;
    for endpoint in ENDPOINTS {
        let whole = face.get(endpoint).await.is(200).json();
        for filter in ["id+pr", "nonsense", ""] {
            face.get(&format!("{endpoint}?filter={filter}")).await.is(403);
        }
        let others = "startIndex=7&count=0&sortBy=nonsense&sortOrder=up&attributes=id&excludedAttributes=name&cursor=x";
        assert_eq!(face.get(&format!("{endpoint}?{others}")).await.is(200).json(), whole);
    }
}

#[tokio::test]
async fn nothing_here_can_be_written() {
    let face = Face::sqlite().await;
    let singles = ["/ResourceTypes/User", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"];
    for path in ENDPOINTS.into_iter().chain(singles) {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = face.ask(method, path).json(&json!({"schemas": []})).send().await.is(405);
            assert_eq!(answer.header("allow"), Some("GET, HEAD"));
        }
    }
}

#[tokio::test]
async fn a_token_is_needed_here_too() {
    let face = Face::sqlite().await;
    let known = face.stranger(Method::GET, "/t/acme/scim/v2/ServiceProviderConfig").send().await.is(401);
    let unknown = face.stranger(Method::GET, "/t/nobody/scim/v2/ServiceProviderConfig").send().await.is(401);
    assert_eq!(known.bytes, unknown.bytes);
}

/// Every answer is SCIM, whatever the client says it would like (client-behaviour.md §1).
#[tokio::test]
async fn no_accept_header_is_unacceptable() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    for path in ENDPOINTS.into_iter().chain(["/Users", &ada]) {
        face.get(path).await.is(200);
        for accept in
            ["application/scim+json", "application/json", "*/*", "text/html", "", "nonsense;;q=x", "image/png;q=0"]
        {
            face.ask(Method::GET, path).header((ACCEPT, accept)).send().await.is(200);
        }
    }
}

/// What is claimed is there, and what is not there is not claimed.
#[tokio::test]
async fn nothing_is_claimed_that_is_not_there() {
    let face = Face::sqlite().await;
    let config = face.get("/ServiceProviderConfig").await.json();
    assert_eq!(config.pointer("/changePassword/supported"), Some(&json!(false)));
    face.get("/Me").await.is(501);
    assert_eq!(config.pointer("/bulk/supported"), Some(&json!(true)));
    face.post("/Bulk", json!({"schemas": [scim_protocol::urn::BULK_REQUEST], "Operations": []})).await.is(200);
    assert_eq!(config.pointer("/pagination/cursor"), Some(&json!(true)));
    face.get("/Users?cursor").await.is(200);
    for claim in ["/patch/supported", "/filter/supported", "/sort/supported", "/etag/supported", "/pagination/index"] {
        assert_eq!(config.pointer(claim), Some(&json!(true)), "{claim}");
    }
    let most = config["filter"]["maxResults"].as_u64().unwrap();
    assert_eq!(most, u64::from(face.api.limits.capabilities.max_page_size));
}

/// Every attribute of `/Schemas` that a client may write is kept, shown and filtered by.
#[tokio::test]
async fn every_published_attribute_is_kept_shown_and_filtered_by() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    for (endpoint, urn) in [("/Users", scim_protocol::urn::USER), ("/Groups", scim_protocol::urn::GROUP)] {
        let schema = face.get(&format!("/Schemas/{urn}")).await.json();
        let mut body = json!({"schemas": [urn]});
        fill(&mut body, &schema["attributes"]);
        if endpoint == "/Users" {
            let extension = face.get(&format!("/Schemas/{ENTERPRISE}")).await.json();
            body[ENTERPRISE] = json!({});
            fill(&mut body[ENTERPRISE], &extension["attributes"]);
        } else {
            body["members"] = json!([{"value": id(&ada), "type": "User"}]);
        }
        let path = face.post(endpoint, body.clone()).await.created();
        let shown = face.get(&path).await.json();
        for (name, value) in body
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| !["password", "schemas", "members"].contains(&name.as_str()))
        {
            assert_eq!(shown[name], *value, "{name}");
        }
        let extension = body.get(ENTERPRISE).and_then(Value::as_object).cloned().unwrap_or_default();
        let core = body.as_object().unwrap().keys().filter(|name| !["password", ENTERPRISE].contains(&name.as_str()));
        let names = core.cloned().chain(extension.keys().map(|name| format!("{ENTERPRISE}:{name}")));
        for name in names {
            let found = face.find(endpoint, &format!("id eq \"{}\" and {name} pr", id(&path))).await;
            assert_eq!(found.total(), 1, "{name}");
        }
    }
}

/// A value for each of these that may be written.
fn fill(body: &mut Value, attributes: &Value) {
    for attribute in attributes.as_array().unwrap() {
        let name = attribute["name"].as_str().unwrap();
        if attribute["mutability"] == "readOnly" || name == "$ref" {
            continue;
        }
        let mut value = match attribute["type"].as_str().unwrap() {
            "boolean" => json!(true),
            "binary" => json!("TUlJQg=="),
            "complex" => {
                let mut inner = json!({});
                fill(&mut inner, &attribute["subAttributes"]);
                inner
            }
            _ => json!(attribute["canonicalValues"].get(0).and_then(Value::as_str).unwrap_or("some text")),
        };
        if attribute["multiValued"] == true {
            value = json!([value]);
        }
        body[name] = value;
    }
}

#[tokio::test]
async fn reads_with_head_are_answered_like_get() {
    let face = Face::sqlite().await;
    let ada = face.new_user("ada").await;
    let lab = face.new_group("Lab", &[&ada]).await;
    let paths =
        ["/Users?count=1", "/Groups", &ada, &lab, "/Schemas/urn:x:y", "/Users/nobody", "/Nowhere", "/Users?filter=x"];
    let singles = ["/ResourceTypes/User", "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"];
    for path in ENDPOINTS.into_iter().chain(paths).chain(singles) {
        let (get, head) = (face.get(path).await, face.ask(Method::HEAD, path).send_unchecked().await);
        for name in ["content-type", "etag"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
        assert_eq!(head.status, get.status, "{path}");
    }
    let unchanged = face.ask(Method::HEAD, &ada).header(("if-none-match", face.get(&ada).await.etag()));
    unchanged.send_unchecked().await.is(304);
    face.stranger(Method::HEAD, "/t/acme/scim/v2/Users").send_unchecked().await.is(401);
}

const HOST: &str = "acme.example.com";

/// A face with a host for each tenant, and its token.
async fn with_hosts() -> (Face, String) {
    let face = Face::with(Options { base_domain: Some("example.com"), ..Options::default() }).await;
    let bearer = format!("Bearer {}", face.token);
    (face, bearer)
}

#[tokio::test]
async fn with_a_base_domain_both_forms_of_address_answer() {
    let (face, bearer) = with_hosts().await;
    let by_host = |method: Method, path: &str| {
        face.stranger(method, &format!("/scim/v2{path}"))
            .header(("host", HOST))
            .header(("authorization", bearer.clone()))
    };
    let created = by_host(Method::POST, "/Users").json(&user(json!({"userName": "ada"}))).send().await.is(201);
    let location = created.header("location").unwrap().to_owned();
    let path = location.strip_prefix("https://acme.example.com/scim/v2").unwrap();
    let body = by_host(Method::GET, path).send().await.is(200).json();
    assert_eq!(body["meta"]["location"], location);
    // By path it is the same resource, and its address the one that is shown to clients.
    assert_eq!(face.get(path).await.is(200).json(), body);
    let group = by_host(Method::POST, "/Groups")
        .json(&group(json!({"displayName": "Lab", "members": [{"value": body["id"]}]})));
    assert_eq!(group.send().await.is(201).json()["members"][0]["$ref"], location);
    for endpoint in ENDPOINTS {
        let found = by_host(Method::GET, endpoint).send().await.is(200);
        assert_eq!(found.bytes, face.get(endpoint).await.bytes);
        assert!(!String::from_utf8_lossy(&found.bytes).contains(BASE));
    }
    by_host(Method::GET, "/Nowhere").send().await.is(404);
    by_host(Method::PUT, "/Schemas").json(&patch_op(&json!([]))).send().await.is(405);
}

#[tokio::test]
async fn only_the_host_itself_names_the_tenant() {
    let (face, bearer) = with_hosts().await;
    let ask = |host: &str| {
        face.stranger(Method::GET, "/scim/v2/Users").header(("host", host)).header(("authorization", bearer.clone()))
    };
    for host in ["ACME.Example.com", "acme.example.com:8443", "acme.example.com"] {
        ask(host).send().await.is(200);
    }
    let others = [
        "example.com",
        "globex.example.com",
        "acme.example.org",
        "a.acme.example.com",
        "www.example.com",
        "",
        "[::1]:80",
    ];
    for host in others {
        ask(host).send().await.is(401);
    }
    // Nobody's word about where a request was sent is believed (decisions.md 17).
    for (name, value) in [("x-forwarded-host", HOST), ("forwarded", "host=acme.example.com")] {
        ask("globex.example.com").header((name, value)).send().await.is(401);
    }
    for (name, value) in [("x-forwarded-host", "globex.example.com"), ("forwarded", "host=globex.example.com")] {
        ask(HOST).header((name, value)).send().await.is(200);
    }
}

#[tokio::test]
async fn without_a_base_domain_hosts_mean_nothing() {
    let face = Face::sqlite().await;
    let ask = face.stranger(Method::GET, "/scim/v2/Users").header(("host", HOST));
    ask.header(("authorization", format!("Bearer {}", face.token))).send().await.is(404);
}
