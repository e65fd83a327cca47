//! What the server logs, and what it never does.

use serde_json::Value;

use super::first_start::credentials;
use crate::binary::Home;
use crate::caller::{Caller, USER};
use crate::reader::Reader;

/// A word that can have come from nowhere else.
const PASSWORD: &str = "Correct-Horse-Battery";
/// What an admin chooses.
const CHOSEN: &str = "Staple-Horse-Battery";
const PERSON: &str = "rosalind.franklin";

/// Sends what is secret in every place it can be sent in; gives all the secrets.
async fn whisper(caller: &Caller, token: &str) -> Vec<String> {
    let user =
        serde_json::json!({"schemas": [USER], "userName": PERSON, "password": PASSWORD, "displayName": "Rosalind F."});
    let created = caller.post("/Users", &user).await.expect(201);
    let one = format!("/Users/{}", created.id());
    caller.post("/Users", &user).await.expect(409);
    caller.search("/Users", &format!("userName eq \"{PERSON}\"")).await.expect(200);
    caller.search("/Users", &format!("userName eq \"{PERSON}")).await.expect(400);
    caller.search("/Users", &format!("password eq \"{PASSWORD}\"")).await;
    let operation = serde_json::json!([{"op": "replace", "path": "password", "value": PASSWORD}]);
    caller.patch(&one, operation).await.expect(200);
    let operation = serde_json::json!([{"op": "wrong", "path": "password", "value": PASSWORD}]);
    caller.patch(&one, operation).await.expect(400);
    caller.clone().with("authorization", &format!("Bearer {token}0")).get(&one).await.expect(401);
    caller.clone().with("authorization", &format!("Basic {PASSWORD}")).get(&one).await.expect(401);
    let secret = &token[token.len() - 40..];
    [token, secret, PASSWORD, PERSON, "Rosalind F.", "Bearer"].map(str::to_owned).to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_one_json_line_with_its_tenant_its_id_and_no_secret() {
    let home = Home::empty();
    let running = home.serve();
    let (base, token) = credentials(&running.printed());
    let caller = Caller::with_token(&base, &token);
    let answer = caller.get("/Users").await.expect(200);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let secrets = whisper(&caller, &token).await;
    let log = running.log();
    let lines = running.lines();
    running.stop();

    let of_request: Vec<&Value> = lines.iter().filter(|line| line["request.id"] == id).collect();
    let [line] = of_request[..] else { panic!("{id}: {log}") };
    assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"answered".into()));
    assert_eq!((&line["http.method"], &line["http.path"]), (&"GET".into(), &"/t/acme/scim/v2/Users".into()));
    assert_eq!((&line["http.status"], &line["actor.kind"]), (&200.into(), &"token".into()));
    assert!(line["duration_ms"].is_u64() && line["timestamp"].is_string(), "{line}");
    let tenant = line["tenant.id"].as_str().unwrap();
    assert_eq!(tenant.len(), 36, "{line}");
    for line in lines.iter().filter(|line| line["message"] == "answered") {
        assert!(line["request.id"].is_string(), "{line}");
        assert_eq!(line["tenant.id"].is_string(), line["http.status"] != 401, "{line}");
    }
    expect_no(&secrets, &log);
}

/// Comes in by the link of the first start, and types what is secret; gives all of it.
async fn whisper_at_the_pages(root: &str, printed: &str) -> Vec<String> {
    let (_, link) = printed.split_once("/sign-in/link/").unwrap();
    let link = link.split_whitespace().next().unwrap();
    let mut owner = Reader::at(root, "acme");
    owner.open(&format!("/sign-in/link/{link}")).await;
    let entered = owner.send(&format!("/sign-in/link/{link}"), &[("new_password", CHOSEN)]).await;
    assert_eq!(entered.status, 303, "{entered:?}");
    let mut secrets = vec![link.to_owned(), CHOSEN.to_owned(), owner.cookies["rollcall_acme"].clone()];
    owner.open("/settings/account").await;
    let enrolment = owner.send("/settings/account/second-step", &[("password", CHOSEN)]).await;
    let (_, key) = enrolment.body.split_once("secret=").unwrap();
    secrets.push(key.chars().take_while(char::is_ascii_alphanumeric).collect());
    owner.send("/settings/account/second-step/confirm", &[("code", "246813")]).await;
    owner.open("/sign-in/forgot").await;
    owner.send("/sign-in/forgot", &[("email", "owner@acme.example")]).await;
    owner.open("/sign-in").await;
    owner.send("/sign-in", &[("email", "owner@acme.example"), ("password", "Wrong-Horse-Battery")]).await;
    secrets.extend(["246813", "Wrong-Horse-Battery"].map(str::to_owned));
    secrets
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn even_the_loudest_log_has_nothing_that_was_typed_into_a_page() {
    let home = Home::empty().set("ROLLCALL__TELEMETRY__LOG", "trace").set("ROLLCALL__TELEMETRY__FORMAT", "json");
    let running = home.serve();
    let secrets = whisper_at_the_pages(&running.root, &running.printed()).await;
    let log = running.log();
    running.stop();
    // Without a server of mails this home shows them in its log, which is what it is asked for.
    let is_mail = |line: &&str| line.contains("outbound::log_mailer");
    let log: String = log.lines().filter(|line| !is_mail(line)).collect::<Vec<_>>().join("\n");
    assert!(log.contains("/t/acme/sign-in"), "{log}");
    expect_no(&secrets, &log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn even_the_loudest_log_has_no_secret() {
    let home = Home::empty().set("ROLLCALL__TELEMETRY__LOG", "trace").set("ROLLCALL__TELEMETRY__FORMAT", "json");
    let running = home.serve();
    let (base, token) = credentials(&running.printed());
    let secrets = whisper(&Caller::with_token(&base, &token), &token).await;
    let log = running.log();
    running.stop();
    assert!(log.contains("\"TRACE\"") || log.contains("\"DEBUG\""), "{log}");
    expect_no(&secrets, &log);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pretty_log_has_no_colours_without_a_terminal_and_no_secret() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    let made = home.json(&["token", "create", "--tenant", "acme"]);
    let token = made["token"].as_str().unwrap();
    home.text(&["provisioning", "on", "--tenant", "acme"]);
    // No line of JSON tells where it listens, so it is told.
    let port = free_port();
    let home = home.set("ROLLCALL__HTTP__PORT", &port.to_string());
    let home = home.set("ROLLCALL__TELEMETRY__FORMAT", "pretty");
    let running = home.serve_at(&format!("http://127.0.0.1:{port}")).await;
    let secrets = whisper(&running.caller("acme", token), token).await;
    let log = running.log();
    assert!(log.contains("INFO request") && log.contains("tenant.id="), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
    expect_no(&secrets, &log);
}

#[test]
fn commands_log_nothing() {
    let home = Home::empty().set("ROLLCALL__TELEMETRY__LOG", "trace");
    for command in
        [&["migrate"][..], &["tenant", "create", "acme", "--with-token"], &["token", "list", "--tenant", "acme"]]
    {
        let ended = home.run(command);
        assert!(ended.status.success() && ended.err.is_empty(), "{command:?}: {ended:?}");
    }
}

#[track_caller]
fn expect_no(secrets: &[String], log: &str) {
    for secret in secrets {
        let line = log.lines().find(|line| line.to_lowercase().contains(&secret.to_lowercase()));
        assert_eq!(line, None, "{secret}");
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
