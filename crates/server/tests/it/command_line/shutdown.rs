//! The end of a server: what is under way is finished, and what was noted is written down.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use storage::Target;
use testkit::db::texts;

use super::first_start::{credentials, first_start};
use crate::binary::Home;
use crate::caller::user;
use crate::patience::until_blocking;
use crate::upload::Upload;

#[test]
fn a_request_under_way_is_finished_before_the_server_goes() {
    for signal in ["TERM", "INT"] {
        let (home, mut running, _) = first_start();
        let (_, token) = credentials(&running.printed());
        let upload = Upload::begin(&running, "acme", &token, &user("ada").to_string());
        running.signal(signal);
        until_blocking("the door to close", || TcpStream::connect(upload.address()).err());
        let answer = upload.end();
        assert!(answer.starts_with("HTTP/1.1 201 Created\r\n"), "{signal}: {answer}");
        assert!(answer.contains("\"userName\":\"ada\""), "{signal}: {answer}");
        let status = running.ended();
        assert!(status.success(), "{signal}: {status}: {}", running.log());
        assert_eq!(running.lines().last().unwrap()["message"], "stopped");

        // The use came long before the next regular writing-down.
        let tokens = home.json(&["token", "list", "--tenant", "acme"]);
        assert!(tokens["tokens"][0]["last_used"].is_string(), "{signal}: {tokens}");
        assert_eq!(tokens["tokens"][0]["last_client"], "slow-upload/1", "{signal}");
        assert_eq!(logged(&home), ["created slow-upload/1"], "{signal}");
    }
}

/// What stands in the activity log, which is written four times a second and once more in the end.
fn logged(home: &Home) -> Vec<String> {
    let target = Target::Sqlite { path: home.path("rollcall-data/rollcall-activity.sqlite") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(texts(&target, "SELECT action || ' ' || client FROM activity"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_still_there_after_the_end() {
    let (home, running, caller) = first_start();
    let (_, token) = credentials(&running.printed());
    let user = caller.create_user("ada").await.expect(201).id();
    running.signal("KILL");
    drop(running);
    let running = home.serve();
    running.caller("acme", &token).get(&format!("/Users/{user}")).await.expect(200);
}

#[test]
fn an_upload_that_never_ends_is_waited_for_no_longer_than_the_settings_say() {
    let (home, running, _) = first_start();
    running.stop();
    let home = home.set("ROLLCALL__HTTP__SHUTDOWN_GRACE_SECONDS", "1");
    let made = home.json(&["token", "create", "--tenant", "acme"]);
    let mut running = home.serve();
    let upload = Upload::begin(&running, "acme", made["token"].as_str().unwrap(), &user("ada").to_string());
    running.signal("TERM");
    assert!(running.ended().success(), "{}", running.log());
    drop(upload);
    let tokens = home.json(&["token", "list", "--tenant", "acme"]);
    let used: Vec<&Value> = tokens["tokens"].as_array().unwrap().iter().map(|token| &token["last_used"]).collect();
    assert!(used[1].is_string(), "{tokens}");
}

#[test]
fn whoever_asks_twice_is_not_kept_waiting() {
    let (_home, mut running, _) = first_start();
    let (_, token) = credentials(&running.printed());
    let upload = Upload::begin(&running, "acme", &token, &user("ada").to_string());
    running.signal("INT");
    until_blocking("the door to close", || TcpStream::connect(upload.address()).err());
    let start = Instant::now();
    running.signal("INT");
    assert!(running.ended().success(), "{}", running.log());
    assert!(start.elapsed() < GRACE, "it has waited for the upload");
    drop(upload);
}

/// How long a server waits for requests under way unless it is told otherwise.
const GRACE: Duration = Duration::from_secs(30);
