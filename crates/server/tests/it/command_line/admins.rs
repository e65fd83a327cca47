//! `rollcall admin …`

use std::fs::File;
use std::process::Stdio;

use serde_json::{Value, json};
use testkit::{EmptyDatabase, on_both_databases};

use crate::binary::{Ended, Home, finish};

on_both_databases! { EmptyDatabase:
    an_admin_is_invited_listed_changed_and_removed,
}

const PASSWORD: &str = "four words in a row";

fn admin<'a>(verb: &'a str, email: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["admin", verb, "--tenant", "acme", "--email", email], more].concat()
}

fn admins(home: &Home) -> Vec<Value> {
    home.json(&["admin", "list", "--tenant", "acme"])["admins"].as_array().unwrap().clone()
}

/// Runs a command with something on standard input.
fn typing(home: &Home, text: &str, arguments: &[&str]) -> Ended {
    let file = home.write("typed", text);
    let mut command = home.command(arguments);
    command.stdin(Stdio::from(File::open(file).unwrap()));
    finish(command)
}

async fn an_admin_is_invited_listed_changed_and_removed(database: &EmptyDatabase) {
    let home = Home::on(database.target()).set("ROLLCALL__PUBLIC_URL", "https://rollcall.example");
    home.text(&["tenant", "create", "acme"]);
    let made = home.json(&admin("create", "Ana@acme.example", &["--role", "owner", "--name", "Ana Ruiz"]));
    let link = made["link"].as_str().unwrap();
    assert!(link.starts_with("https://rollcall.example/t/acme/sign-in/link/link_"), "{link}");
    let said = ["tenant", "email", "name", "role", "state"].map(|name| made[name].as_str().unwrap());
    assert_eq!(said, ["acme", "Ana@acme.example", "Ana Ruiz", "owner", "invited"]);

    let listed = admins(&home);
    assert_eq!(listed.len(), 1);
    assert_eq!((&listed[0]["admin_id"], &listed[0]["last_sign_in"]), (&made["admin_id"], &Value::Null));
    let shown = home.text(&["admin", "list", "--tenant", "acme"]);
    assert!(shown.contains("Ana@acme.example  owner    invited  Ana Ruiz") && !shown.contains("link_"), "{shown}");

    let again = home.refused(&admin("create", "ana@acme.example", &["--role", "auditor"]));
    assert!(again.contains("there is an account with the address ana@acme.example already"), "{again}");
    for last in [admin("remove", "ana@acme.example", &[]), admin("role", "ana@acme.example", &["--role", "admin"])] {
        let refused = home.refused(&last);
        assert!(refused.contains("this is the last owner"), "{refused}");
    }
    home.text(&admin("create", "bob@acme.example", &["--role", "owner"]));
    let changed = home.json(&admin("role", "ana@acme.example", &["--role", "auditor"]));
    assert_eq!((&changed["role"], &changed["tenant"]), (&json!("auditor"), &json!("acme")));
    assert_eq!(home.json(&admin("remove", "ana@acme.example", &[]))["state"], "removed");
    assert_eq!(admins(&home).len(), 1);
    let unknown = home.refused(&admin("reset", "ana@acme.example", &[]));
    assert!(unknown.contains("was not found; see `rollcall admin list --tenant acme`"), "{unknown}");
}

#[test]
fn a_password_is_read_from_standard_input_and_nowhere_shown() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    let create = admin("create", "ana@acme.example", &["--role", "owner", "--password-stdin", "--json"]);
    for (typed, rule) in
        [("", "no password"), ("\n", "no password"), ("short\n", "at least 12"), ("1qaz2wsx3edc\n", "many people use")]
    {
        let refused = typing(&home, typed, &create).expect_refusal();
        assert!(refused.contains(rule), "{typed:?}: {refused}");
    }
    let ended = typing(&home, &format!("{PASSWORD}\n"), &create);
    assert!(ended.status.success() && !ended.out.contains(PASSWORD), "{ended:?}");
    let made: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&made["state"], made.get("link")), (&json!("active"), None));
    assert!(made["sign_in"].as_str().unwrap().ends_with("/t/acme/sign-in"), "{made}");
}

#[test]
fn a_reset_makes_a_link_and_leaves_the_password_until_it_is_used() {
    let home = Home::empty();
    home.text(&["tenant", "create", "acme"]);
    let create = admin("create", "ana@acme.example", &["--role", "owner", "--password-stdin"]);
    assert!(typing(&home, PASSWORD, &create).status.success());
    for more in [&[][..], &["--second-step"]] {
        let reset = home.json(&admin("reset", "ana@acme.example", more));
        assert_eq!((&reset["state"], &reset["second_step"]), (&json!("active"), &json!(false)));
        assert!(reset["link"].as_str().unwrap().contains("/t/acme/sign-in/link/link_"), "{reset}");
    }
    let shown = home.text(&admin("reset", "ana@acme.example", &[]));
    assert!(shown.contains("It works once, until ") && shown.contains("ana@acme.example (owner)"), "{shown}");
}

#[test]
fn what_is_no_role_and_no_address_is_refused_with_what_is() {
    let home = Home::empty();
    for (arguments, said) in [
        (admin("create", "ana@acme.example", &["--role", "root"]), "owner, admin or auditor"),
        (admin("create", "ana", &["--role", "owner"]), "name@example.com"),
    ] {
        let ended = home.run(&arguments);
        assert_eq!(ended.status.code(), Some(2), "{ended:?}");
        assert!(ended.err.contains(said), "{ended:?}");
    }
}
