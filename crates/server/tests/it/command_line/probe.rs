//! `rollcall probe`, the health check of an image without a shell.

use crate::binary::{Ended, Home, Running, finish};
use crate::patience::until_blocking;

/// Asks by settings that name the server's port, as compose.yaml does.
fn probe(home: &Home, running: &Running, host: &str) -> Ended {
    let port = running.root.rsplit(':').next().unwrap();
    let mut command = home.command(&["probe"]);
    command.env("ROLLCALL__HTTP__HOST", host).env("ROLLCALL__HTTP__PORT", port);
    finish(command)
}

#[test]
fn a_server_that_serves_is_ready_until_it_stops() {
    let home = Home::empty().set("ROLLCALL__HTTP__DRAIN_SECONDS", "30");
    let running = home.serve();
    for host in ["127.0.0.1", "localhost", "0.0.0.0"] {
        let ended = probe(&home, &running, host);
        assert!(ended.status.success() && ended.out == "ready\n", "{host}: {ended:?}");
    }
    running.signal("TERM");
    until_blocking("the server to say that it stops", || {
        let refused = probe(&home, &running, "127.0.0.1");
        (!refused.status.success()).then(|| assert!(refused.err.contains(r#"{"status":"stopping"}"#), "{refused:?}"))
    });
}

#[test]
fn where_nobody_listens_nothing_is_ready() {
    let home = Home::empty();
    let running = home.serve();
    let port = running.root.rsplit(':').next().unwrap().to_owned();
    running.stop();
    let said = home.set("ROLLCALL__HTTP__PORT", &port).refused(&["probe"]);
    assert!(said.contains(&format!("nobody answers at http://127.0.0.1:{port}/readyz")), "{said}");
    let said = Home::empty().set("ROLLCALL__HTTP__PORT", "0").refused(&["probe"]);
    assert!(said.contains("set http.port"), "{said}");
}
