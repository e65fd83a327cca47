//! `rollcall` in an empty directory, and once more.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::servers::find::on_path;

use crate::binary::{Home, Running, finish};
use crate::caller::{Answer, Caller};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_start_prints_a_curl_that_works_when_it_is_pasted() {
    let home = Home::empty();
    let running = home.serve();
    let printed = running.printed();
    let (base, token) = credentials(&printed);
    assert_eq!(base, running.base("acme"));
    assert!(printed.contains(&format!("running at {}\n", running.root)), "{printed}");

    let created = paste(&printed).await;
    assert_eq!(created["userName"], "ada@acme.example", "{created}");
    let answer = Caller::with_token(&base, &token).search("/Users", "userName eq \"ada@acme.example\"").await;
    assert_eq!(answer.expect(200).json()["Resources"][0]["id"], created["id"]);

    let link = printed.lines().map(str::trim).find(|line| line.contains("/sign-in/link/link_")).unwrap();
    assert!(link.starts_with(&format!("{}/t/acme/sign-in/link/", running.root)), "{link}");
    assert!(printed.contains(&format!("sign in at {}/t/acme/sign-in\n", running.root)), "{printed}");
    let admins = home.json(&["admin", "list", "--tenant", "acme"])["admins"].clone();
    let owner = ["email", "role", "state"].map(|name| admins[0][name].clone());
    assert_eq!(owner, ["owner@acme.example", "owner", "invited"]);

    let tenant = home.json(&["tenant", "show", "acme"]);
    assert_eq!((&tenant["status"], &tenant["provisioning"]), (&"active".into(), &"on".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_start_prints_nothing_and_keeps_what_there_is() {
    let home = Home::empty();
    let first = home.serve();
    let (_, token) = credentials(&first.printed());
    let user = first.caller("acme", &token).create_user("ada").await.expect(201).id();
    first.stop();

    let second = home.serve();
    assert_eq!(second.printed(), "");
    assert!(!second.log().contains(&token));
    let kept = second.caller("acme", &token).get(&format!("/Users/{user}")).await;
    assert_eq!(kept.expect(200).json()["userName"], "ada");
    assert_eq!(home.json(&["token", "list", "--tenant", "acme"])["tokens"].as_array().unwrap().len(), 1);
}

#[test]
fn a_start_that_was_killed_leaves_nothing_that_stops_the_next() {
    let home = Home::empty();
    for _ in 0..3 {
        let running = home.serve();
        running.signal("KILL");
        drop(running);
    }
    assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_data_folder_and_every_file_in_it_are_their_owners_alone() {
    let home = Home::empty();
    let running = home.serve();
    let (_, token) = credentials(&running.printed());
    running.caller("acme", &token).create_user("ada").await.expect(201);
    let folder = home.path("rollcall-data");
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.iter().any(|file| file.ends_with("rollcall-activity.sqlite")), "{files:?}");
    assert!(files.len() >= 2, "the database and what SQLite keeps beside it: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    // Elsewhere the folder is somebody else's business, and the file still is not.
    let home = Home::empty().set("ROLLCALL__DATABASE__URL", "sqlite://elsewhere.sqlite");
    home.text(&["migrate"]);
    assert_eq!(mode(&home.path("elsewhere.sqlite")), 0o600);
}

#[test]
fn a_demo_tenant_is_made_in_the_default_home_alone() {
    for home in [Home::empty().set("ROLLCALL__DATABASE__URL", "sqlite://mine.sqlite"), migrated_before()] {
        let running = home.serve();
        assert_eq!(running.printed(), "");
        assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 0);
    }
}

/// Somebody has been here and decided for themselves.
fn migrated_before() -> Home {
    let home = Home::empty();
    home.text(&["migrate"]);
    home
}

#[test]
fn serve_with_a_settings_file_is_the_same_as_without_one() {
    let home = Home::empty();
    home.write("rollcall.toml", "public_url = \"https://directory.example.com\"\n");
    let file = home.write("mine.toml", "public_url = \"https://mine.example.com/\"\n");
    assert_eq!(home.serve().lines()[0]["level"], "INFO");
    let base =
        |home: &Home, more: &[&str]| home.json(&[more, &["tenant", "show", "acme"]].concat())["base_url"].clone();
    assert_eq!(base(&home, &[]), "https://directory.example.com/t/acme/scim/v2");
    assert_eq!(base(&home, &["--config", file.to_str().unwrap()]), "https://mine.example.com/t/acme/scim/v2");
    let home = home.set("ROLLCALL__PUBLIC_URL", "https://env.example.com");
    assert_eq!(base(&home, &[]), "https://env.example.com/t/acme/scim/v2");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Base URL and token as they are printed.
pub fn credentials(printed: &str) -> (String, String) {
    let after = |title: &str| {
        let line = printed.lines().find_map(|line| line.trim().strip_prefix(title));
        line.unwrap_or_else(|| panic!("no {title}: {printed}")).trim().to_owned()
    };
    (after("Base (Tenant) URL"), after("Secret token"))
}

/// Does what is printed below "curl", with curl where there is one.
async fn paste(printed: &str) -> Value {
    let command = printed.lines().skip_while(|line| !line.trim().starts_with("curl "));
    let command: Vec<_> = command.take_while(|line| !line.trim().is_empty()).collect();
    let command = command.join("\n");
    if on_path("curl").is_none() {
        return read_and_send(&command).await.expect(201).json();
    }
    let mut shell = Command::new("sh");
    shell.args(["-c", &command]).env("NO_PROXY", "127.0.0.1");
    let ended = finish(shell);
    assert!(ended.status.success() && ended.err.is_empty(), "{command}: {ended:?}");
    serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// What curl would send.
async fn read_and_send(command: &str) -> Answer {
    let quoted: Vec<_> = command.split('\'').skip(1).step_by(2).collect();
    let [authorization, content_type, body] = quoted[..] else { panic!("{command}") };
    assert_eq!(content_type, "Content-Type: application/scim+json");
    let url = command.split_whitespace().find(|word| word.starts_with("http")).unwrap();
    let authorization = authorization.strip_prefix("Authorization: ").unwrap();
    let caller = Caller::new(url).with("authorization", authorization);
    caller.post("", &serde_json::from_str(body).unwrap()).await
}

/// A server on its first start and the client of its demo tenant.
pub fn first_start() -> (Home, Running, Caller) {
    let home = Home::empty();
    let running = home.serve();
    let (base, token) = credentials(&running.printed());
    (home, running, Caller::with_token(&base, &token))
}
