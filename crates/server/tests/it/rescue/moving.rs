//! `rollcall tenant export|import|erase|erased`, with the real binary.

use std::fs;

use secrecy::SecretString;
use serde_json::{Value, json};
use server::replay;
use storage::Target;
use testkit::EmptyDatabase;
use testkit::db::texts;

use super::{PUBLIC_URL, answers, embedded, file, open_tenant};
use crate::binary::{Home, finish};
use crate::patience::until;

/// The journal by number, up to one.
async fn journal(target: &Target, last: usize) -> Vec<String> {
    let sql = format!(
        "SELECT number || ' ' || what || ' ' || subject_kind || ' ' || actor_kind || ' ' || request_id || ' ' || at_us
         FROM fact WHERE number <= {last} ORDER BY number"
    );
    texts(target, &sql).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_brought_into_the_embedded_home_is_the_same_to_the_byte_in_postgresql() {
    let (home, token) = embedded();
    let running = home.serve();
    let url = running.base("acme").parse().unwrap();
    let played = replay::run(&url, &SecretString::from(token.clone()), None, &mut ()).await.unwrap();
    assert!(played.all_passed() && played.counts.total > 400, "{:?}", played.counts);
    let before = answers(&running.caller("acme", &token)).await;
    assert!(before.len() > 50, "{}", before.len());

    // While it is being served.
    let exported = home.json(&["tenant", "export", "acme", "acme.archive"]);
    running.stop();
    home.text(&["keys", "export", "ring"]);
    let archive = home.path("acme.archive").display().to_string();
    let ring = home.path("ring").display().to_string();
    let facts = usize::try_from(exported["rows"]["fact"].as_u64().unwrap()).unwrap();

    let database = EmptyDatabase::postgres().await;
    let there = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", PUBLIC_URL);
    there.text(&["migrate"]);
    let stranger = there.refused(&["tenant", "import", &archive]);
    assert!(stranger.contains(&format!("--signed-by {}", exported["signer"].as_str().unwrap())), "{stranger}");
    let imported = there.json(&["tenant", "import", &archive, "--keys", &ring]);
    assert_eq!((&imported["tenant"], &imported["rows"]), (&"acme".into(), &exported["rows"]));
    for (what, left) in imported["does_not_work"].as_object().unwrap() {
        let none = left.as_array().is_some_and(Vec::is_empty) || *left == 0;
        assert!(none, "{what}: {left}");
    }

    let running = there.serve();
    let caller = running.caller("acme", &token);
    assert_eq!(answers(&caller).await, before, "with the token that was given out there");
    assert_eq!(journal(database.target(), facts).await, journal(&file(&home), facts).await);
    caller.create_user("one-more").await.expect(201);
    let again = there.refused(&["tenant", "import", &archive, "--keys", &ring]);
    assert!(again.contains("there is a tenant acme already") && again.contains("--as"), "{again}");
    let text = there.text(&["tenant", "import", &archive, "--keys", &ring, "--as", "acme-2"]);
    assert!(text.contains("open nothing") && text.contains("open that one alone"), "{text}");
    assert_eq!(running.caller("acme-2", &token).get("/Users").await.status, 401, "a token opens one tenant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_ring_it_is_said_what_does_not_work() {
    let (home, token) = embedded();
    let exported = home.json(&["tenant", "export", "acme", "acme.archive"]);
    let archive = home.path("acme.archive").display().to_string();
    let there = Home::empty();
    let signer = exported["signer"].as_str().unwrap();
    let text = there.text(&["tenant", "import", &archive, "--signed-by", signer]);
    assert!(text.contains("acme is here: 0 people and groups"), "{text}");
    assert!(text.contains("open nothing, because their key is not in the ring here (import with --keys)"), "{text}");
    let running = there.serve();
    assert_eq!(running.caller("acme", &token).get("/Users").await.status, 401);
    let other = open_tenant(&there, "other");
    running.caller("other", &other).get("/Users").await.expect(200);
}

#[test]
fn what_cannot_be_exported_or_imported_is_said_in_one_sentence() {
    let (home, _) = embedded();
    home.text(&["tenant", "export", "acme", "acme.archive"]);
    let refused = home.refused(&["tenant", "export", "acme", "acme.archive"]);
    assert_eq!(refused, "acme.archive exists already");
    let refused = home.refused(&["tenant", "export", "zoo", "zoo.archive"]);
    assert!(refused.contains("tenant zoo was not found"), "{refused}");
    let refused = home.refused(&["tenant", "export", "acme", "no/such/folder/acme.archive"]);
    assert!(refused.contains("cannot be written"), "{refused}");

    let archive = fs::read_to_string(home.path("acme.archive")).unwrap();
    home.write("changed", &archive.replace("\"name\":\"acme\"", "\"name\":\"evil\""));
    home.write("short", archive.split_inclusive('\n').next().unwrap());
    home.write("foreign", "{\"rollcall\":\"something\"}\n");
    home.write("newer", &archive.replacen("\"format\":1", "\"format\":9", 1));
    for (file, reason) in [
        ("changed", "was changed after it was signed"),
        ("short", "was cut off"),
        ("foreign", "is no archive of a tenant"),
        ("newer", "newer version"),
        ("none", "none cannot be read"),
    ] {
        let refused = home.refused(&["tenant", "import", file, "--as", "copy"]);
        assert!(refused.contains(reason), "{file}: {refused}");
    }
    let list = home.json(&["tenant", "list"]);
    assert_eq!(list["tenants"].as_array().unwrap().len(), 1, "{list}");
    let ended = home.run(&["tenant", "import", "acme.archive", "--signed-by", "nobody"]);
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_tenant_is_gone_at_once_and_for_ever_and_its_record_stays() {
    let (home, token) = embedded();
    let other = open_tenant(&home, "globex");
    let running = home.serve();
    let caller = running.caller("acme", &token);
    caller.create_user("ada@acme.example").await.expect(201);
    let refused = home.refused(&["tenant", "erase", "acme"]);
    assert!(refused.contains("--yes"), "{refused}");
    home.text(&["tenant", "suspend", "acme"]);
    until("the server to notice", async || (caller.get("/Users").await.status == 403).then_some(())).await;
    let erased = home.json(&["tenant", "erase", "acme", "--yes", "--by", "Ana of Acme", "--at-once"]);
    assert_eq!((&erased["standing"], &erased["record"]["rows"]["resource"]), (&"signed".into(), &1.into()));
    assert_eq!(erased["record"]["asked_by"], "Ana of Acme");
    assert_eq!(caller.get("/Users").await.status, 401);
    running.caller("globex", &other).get("/Users").await.expect(200);
    running.stop();

    let listed = home.json(&["tenant", "erased"]);
    assert_eq!(listed["erased"][0], erased);
    let text = home.text(&["tenant", "erased"]);
    assert!(text.contains("rows for Ana of Acme") && text.contains("signed and unchanged"), "{text}");
    for file in fs::read_dir(home.path("rollcall-data")).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(16).any(|window| window == b"ada@acme.example");
        assert!(!found, "{} has what was erased still", path.display());
    }
    let refused = home.refused(&["tenant", "erase", "acme", "--yes"]);
    assert!(refused.contains("tenant acme was not found"), "{refused}");
    // Nothing but the record rests on this key.
    home.text(&["tenant", "delete", "globex", "--yes"]);
    home.text(&["keys", "rotate"]);
    assert_eq!(home.json(&["keys", "prune"])["removed"].as_array().unwrap().len(), 0);
    assert_eq!(home.json(&["tenant", "erased"])["erased"][0], erased);
    open_tenant(&home, "acme");
}

#[test]
fn an_erasure_that_was_killed_goes_on_and_its_tenant_is_not_brought_back_meanwhile() {
    let (home, _) = embedded();
    let mut killed = home.command(&["tenant", "erase", "acme", "--yes"]).spawn().unwrap();
    crate::patience::until_blocking("the erasure to begin", || {
        let listed = home.json(&["tenant", "erased"]);
        (!listed["erased"].as_array().unwrap().is_empty()).then_some(())
    });
    killed.kill().unwrap();
    killed.wait().unwrap();
    for command in [&["tenant", "resume", "acme"][..], &["tenant", "delete", "acme", "--yes"]] {
        let refused = home.refused(command);
        assert_eq!(refused, "acme is being erased; `rollcall tenant erase acme` goes on with it");
    }
    let text = home.text(&["tenant", "erased"]);
    assert!(text.contains("is under way since"), "{text}");
    let erased = home.json(&["tenant", "erase", "acme", "--at-once"]);
    assert_eq!(erased["standing"], "signed");
    assert_eq!(home.json(&["tenant", "list"])["tenants"].as_array().unwrap().len(), 0);
}

/// As in a container whose root can only be read.
#[test]
fn an_archive_goes_through_standard_output_and_input() {
    let (home, _) = embedded();
    let ended = home.run(&["tenant", "export", "acme", "-", "--json"]);
    assert!(ended.status.success(), "{ended:?}");
    let told: Value = serde_json::from_str(&ended.err).unwrap();
    assert_eq!(told["tenant"], "acme");
    home.write("acme.archive", &ended.out);
    let there = Home::empty();
    let import = |more: &[&str], folder: &str| {
        let signer = told["signer"].as_str().unwrap();
        let mut command = there.command(&[&["tenant", "import", "-", "--signed-by", signer][..], more].concat());
        command.env("TMPDIR", folder).stdin(fs::File::open(home.path("acme.archive")).unwrap());
        finish(command)
    };
    let refused = import(&[], "/no/such/folder").expect_refusal();
    assert!(refused.contains("needs room in /no/such/folder") && refused.contains("TMPDIR"), "{refused}");
    let done = import(&["--json"], "/tmp");
    let imported: Value = serde_json::from_str(&done.out).unwrap_or_else(|error| panic!("{error}: {done:?}"));
    assert_eq!((&imported["rows"], &imported["erased_before"]), (&told["rows"], &Value::Null));
    // And whoever brings back what was erased is told.
    there.text(&["tenant", "erase", "acme", "--yes", "--at-once"]);
    let back = import(&[], "/tmp");
    assert!(back.out.contains("THIS TENANT WAS ERASED HERE"), "{back:?}");
}

/// One of several copies, mounted to be read.
#[test]
fn a_ring_that_cannot_be_changed_is_the_operators_to_change_before_anything_is_imported() {
    let (home, _) = embedded();
    home.text(&["tenant", "export", "acme", "acme.archive"]);
    home.text(&["keys", "export", "their-ring"]);
    let (archive, theirs) =
        (home.path("acme.archive").display().to_string(), home.path("their-ring").display().to_string());
    let key = fs::read_to_string(&theirs).unwrap().lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    let own = format!("own={}", "ab".repeat(32));
    // Root writes wherever it likes, but a file without a name cannot be replaced.
    let ring = home.write("own-ring", &format!("{own}\n"));
    let nameless = fs::File::open(&ring).unwrap();
    fs::remove_file(&ring).unwrap();
    for (name, value) in [("ROLLCALL__KEYS__RING", own.as_str()), ("ROLLCALL__KEYS__RING_FILE", "/proc/self/fd/0")] {
        let there = Home::empty().set(name, value);
        let mut command = there.command(&["tenant", "import", &archive, "--keys", &theirs]);
        command.stdin(nameless.try_clone().unwrap());
        let ended = finish(command);
        assert!(!ended.status.success() && ended.err.contains("nothing was imported"), "{ended:?}");
        assert!(ended.out.contains(&key) && !ended.out.contains(&own), "the line to add: {ended:?}");
    }
    let both = format!("{own},{key}");
    let there = Home::empty().set("ROLLCALL__KEYS__RING", &both);
    let imported = there.json(&["tenant", "import", &archive, "--keys", &theirs]);
    assert_eq!(imported["does_not_work"]["credentials"], json!([]));
}
