//! What commands print and how they end.

use std::process::Stdio;

use crate::binary::Home;

#[test]
fn help_names_every_command_and_the_version_is_told() {
    let home = Home::empty();
    let help = home.text(&["--help"]);
    for command in ["serve", "migrate", "tenant", "provisioning", "token", "replay", "bench", "config"] {
        assert!(help.lines().any(|line| line.trim().starts_with(command)), "{command}: {help}");
        assert!(!home.text(&[command, "--help"]).is_empty());
    }
    assert_eq!(home.text(&["--version"]), format!("rollcall {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn commands_that_cannot_be_understood_end_with_2_and_do_nothing() {
    let home = Home::empty();
    for arguments in [
        &["admit"][..],
        &["tenant"],
        &["tenant", "create"],
        &["tenant", "create", "acme", "--from", "x"],
        &["provisioning", "on"],
        &["token", "create", "--tenant"],
        &["token", "revoke", "--tenant", "acme", "not-an-id"],
        &["replay"],
        &["bench"],
        &["bench", "fairness", "--quiet-url", "http://a/", "--noisy-url", "http://b/", "--rounds", "0"],
        &["--confg", "x"],
    ] {
        let ended = home.run(arguments);
        assert_eq!((ended.status.code(), ended.out.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
        assert!(ended.err.contains("Usage") || ended.err.contains("--help"), "{arguments:?}: {ended:?}");
    }
    assert!(!home.path("rollcall-data").exists());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let home = Home::empty();
    for number in 0..3 {
        home.text(&["tenant", "create", &format!("tenant-{number}")]);
    }
    let mut list = home.command(&["tenant", "list"]);
    let mut list = list.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(list.stdout.take());
    let ended = list.wait_with_output().unwrap();
    assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
}

#[test]
fn config_check_shows_what_holds_and_no_secret() {
    let home = Home::empty().set("ROLLCALL__HTTP__PORT", "9000");
    home.write("rollcall.toml", "[database]\nurl = \"postgres://rollcall:hunter2@127.0.0.1:1/rollcall\"\n");
    let checked = home.text(&["config", "check"]);
    let line = |key: &str| checked.lines().find(|line| line.starts_with(key)).unwrap_or_default();
    assert!(line("http.port").contains("9000") && line("http.port").contains("ROLLCALL__HTTP__PORT"), "{checked}");
    assert!(line("database.url").contains("***") && line("database.url").contains("rollcall.toml line 2"), "{checked}");
    assert!(!checked.contains("hunter2"), "{checked}");
    // Looking is all it does.
    assert!(!home.path("rollcall-data").exists());
    let home = home.set("ROLLCALL__HTTP__WORKERS", "many");
    let refused = home.refused(&["config", "check"]);
    assert!(refused.contains("http.workers") && refused.contains("whole number"), "{refused}");
}

#[test]
fn config_reference_lists_every_key_whatever_is_set() {
    let home = Home::empty().set("ROLLCALL__NO__SUCH", "key");
    let reference = home.text(&["config", "reference"]);
    for key in ["public_url", "http.port", "database.url", "database.owner_url", "telemetry.format"] {
        assert!(reference.contains(&format!("| `{key}` |")), "{key}");
    }
}
