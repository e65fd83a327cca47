//! `rollcall backup` and `rollcall restore`, with the real binary.

use std::fs::{self, FileTimes};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use testkit::EmptyDatabase;
use testkit::db::statement;

use super::{PUBLIC_URL, answers, embedded};
use crate::binary::Home;

/// Another machine.
fn elsewhere() -> Home {
    Home::empty().set("ROLLCALL__PUBLIC_URL", PUBLIC_URL)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_made_while_people_arrive_is_whole_and_comes_back_elsewhere() {
    let (home, token) = embedded();
    let running = home.serve();
    let caller = running.caller("acme", &token);
    let ada = caller.create_user("ada@acme.example").await.expect(201).json();
    let group = serde_json::json!({
        "schemas": [crate::caller::GROUP], "displayName": "Engineers", "members": [{"value": ada["id"]}],
    });
    caller.post("/Groups", &group).await.expect(201);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let (caller, stop) = (caller.clone(), stop.clone());
        async move {
            let mut made = 0;
            while !stop.load(Ordering::SeqCst) {
                caller.create_user(&format!("user-{made}")).await.expect(201);
                made += 1;
            }
            made
        }
    });
    let written = tokio::task::block_in_place(|| home.json(&["backup", "home.backup", "--with-keys"]));
    stop.store(true, Ordering::SeqCst);
    let made: usize = writing.await.unwrap();
    assert_eq!(written["with_keys"], true);
    running.stop();

    let there = elsewhere();
    let backup = home.path("home.backup").display().to_string();
    let restored = there.json(&["restore", &backup]);
    assert_eq!((&restored["keys"], &restored["missing_keys"]), (&"written".into(), &serde_json::json!([])));
    assert_eq!((&restored["activity_log"], &restored["pending"]), (&true.into(), &serde_json::json!([])));
    let running = there.serve();
    let caller = running.caller("acme", &token);
    let total = caller.get("/Users?count=1").await.expect(200).json()["totalResults"].as_u64().unwrap();
    assert!((1..=made as u64 + 1).contains(&total), "{total} of {made}");
    let kept = caller.get(&format!("/Users/{}", ada["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!(kept["userName"], "ada@acme.example");
    caller.create_user("one-more").await.expect(201);
    assert!(answers(&caller).await.len() as u64 > total);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ring_is_kept_apart_unless_it_is_asked_for() {
    let (home, token) = embedded();
    let text = home.text(&["backup", "home.backup"]);
    assert!(text.contains("The key ring is not in it") && text.contains("rollcall.keys"), "{text}");
    let (backup, ring) = (home.path("home.backup"), home.path("rollcall-data/rollcall.keys"));
    let secret = fs::read_to_string(&ring).unwrap().lines().find(|line| line.contains('=')).unwrap().to_owned();
    let digits = secret.split_once('=').unwrap().1;
    let holds = |file: &std::path::Path| String::from_utf8_lossy(&fs::read(file).unwrap()).contains(digits);
    assert!(!holds(&backup));
    home.text(&["backup", "with-keys.backup", "--with-keys"]);
    assert!(holds(&home.path("with-keys.backup")));

    let there = elsewhere();
    let text = there.text(&["restore", backup.to_str().unwrap()]);
    assert!(text.contains("opens nothing, because the ring does not have them"), "{text}");
    let refused = there.refused::<&str>(&[]);
    assert!(refused.contains("rollcall.keys is missing"), "a server does not start without it: {refused}");
    fs::copy(&ring, there.path("rollcall-data/rollcall.keys")).unwrap();
    let running = there.serve();
    running.caller("acme", &token).get("/Users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_replaced_only_if_that_is_said_and_nobody_uses_it() {
    let (home, token) = embedded();
    home.text(&["backup", "home.backup"]);
    let running = home.serve();
    running.caller("acme", &token).create_user("later").await.expect(201);
    let refused = home.refused(&["restore", "home.backup"]);
    assert!(refused.contains("exists already") && refused.contains("--overwrite"), "{refused}");
    let refused = home.refused(&["restore", "home.backup", "--overwrite"]);
    assert!(refused.contains("is in use; stop the server"), "{refused}");
    running.caller("acme", &token).create_user("latest").await.expect(201);
    running.stop();
    let restored = home.json(&["restore", "home.backup", "--overwrite"]);
    assert_eq!(restored["keys"], "untouched");
    let running = home.serve();
    let people = running.caller("acme", &token).get("/Users").await.expect(200).json();
    assert_eq!(people["totalResults"], 0, "as it was when the backup was made");
}

#[test]
fn a_backup_that_is_damaged_foreign_or_cut_off_touches_nothing() {
    let (home, _) = embedded();
    home.text(&["backup", "home.backup"]);
    let good = fs::read(home.path("home.backup")).unwrap();
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xFF;
    for (name, bytes, reason) in [
        ("damaged", damaged, "not what it was when the backup was made"),
        ("short", good[..good.len() / 2].to_vec(), "take another backup"),
        ("empty", Vec::new(), "this is no backup"),
        ("text", b"hello".to_vec(), "backup"),
    ] {
        fs::write(home.path(name), bytes).unwrap();
        let there = elsewhere();
        let refused = there.refused(&["restore", home.path(name).to_str().unwrap()]);
        assert!(refused.contains("was not restored") && refused.contains(reason), "{name}: {refused}");
        assert!(!there.path("rollcall-data/rollcall.sqlite").exists(), "{name}");
        let left = fs::read_dir(there.path("rollcall-data")).unwrap().count();
        assert_eq!(left, 0, "{name}");
    }
    let refused = home.refused(&["backup", "home.backup"]);
    assert_eq!(refused, "home.backup exists already");
    assert!(elsewhere().refused(&["backup", "b"]).contains("there is no database"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_postgresql_it_is_said_what_to_use_instead() {
    let database = EmptyDatabase::postgres().await;
    let home = Home::on(database.target());
    for command in ["backup", "restore"] {
        let refused = home.refused(&[command, "file"]);
        assert!(refused.contains("pg_dump") && refused.contains("docs/guides/rescue.md"), "{refused}");
    }
}

#[test]
fn what_a_killed_run_left_behind_is_swept_away_a_day_later() {
    let (home, _) = embedded();
    let now = fs::metadata(home.path("rollcall-data")).unwrap().modified().unwrap();
    let at = |hours: u64| FileTimes::new().set_modified(now - Duration::from_secs(hours * 3_600));
    for (name, hours) in
        [(".rollcall-backupOld", 25), (".rollcall-restoreOld", 25), (".rollcall-backupNew", 1), ("other", 25)]
    {
        let path = home.path(name);
        fs::create_dir(&path).unwrap();
        fs::write(path.join("rollcall.sqlite"), "people").unwrap();
        fs::File::open(&path).unwrap().set_times(at(hours)).unwrap();
    }
    home.text(&["backup", "home.backup"]);
    let left = [".rollcall-backupOld", ".rollcall-restoreOld", ".rollcall-backupNew", "other"]
        .map(|name| home.path(name).exists());
    assert_eq!(left, [false, false, true, true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_activity_log_of_a_newer_version_is_not_restored() {
    let (home, _) = embedded();
    let log = storage::Target::Sqlite { path: home.path("rollcall-data/rollcall-activity.sqlite") };
    statement(&log, "PRAGMA user_version = 99").await;
    home.text(&["backup", "home.backup"]);
    let there = elsewhere();
    let backup = home.path("home.backup").display().to_string();
    let refused = there.refused(&["restore", &backup]);
    assert!(refused.contains("activity log in the backup was made by a newer version"), "{refused}");
    assert!(!there.path("rollcall-data/rollcall.sqlite").exists());
}

#[test]
fn whoever_brings_back_a_tenant_that_was_erased_since_is_told() {
    let (home, _) = embedded();
    home.text(&["backup", "before"]);
    home.text(&["tenant", "erase", "acme", "--yes", "--at-once"]);
    home.text(&["backup", "after"]);
    let restored = home.json(&["restore", "after", "--overwrite"]);
    assert_eq!(restored["lost_erasures"], serde_json::json!([]));
    let text = home.text(&["restore", "before", "--overwrite"]);
    assert!(text.contains("WERE ERASED SINCE") && text.contains("acme ("), "{text}");
    assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 1);
}
