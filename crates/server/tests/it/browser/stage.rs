//! A server of one journey's own, and the journey itself as a child process.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use testkit::browser::Browser;

use crate::binary::{Home, Running};

/// How long a journey may take on a machine that also compiles; a quiet one takes a fifth of it.
const LIMIT: Duration = Duration::from_secs(150);
/// How long it may take besides to say why it failed.
const GRACE: Duration = Duration::from_secs(20);

/// What names the folder for the pictures of README and guides, from the top of the repository; without it none are made.
const PICTURES: &str = "ROLLCALL_PICTURES";

/// A server in an empty folder, and a browser in front of it.
pub struct Stage {
    browser: Browser,
    home: Home,
}

impl Stage {
    /// With the settings of the embedded home, on a free port that every command knows.
    pub fn empty() -> Self {
        let browser = Browser::of_this_run().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        Self { browser, home: Home::empty().set("ROLLCALL__HTTP__PORT", &port.to_string()) }
    }


    /// Serves, and plays the journey of this name in front of it.
    pub fn play(self, journey: &str) {
        let running = self.home.serve();
        let said = self.home.path("journey.said");
        let status = self.run(journey, &running, &said);
        let said = fs::read_to_string(&said).unwrap();
        assert!(status.success(), "{journey} ended with {status}:\n{said}\nthe server logged:\n{}", running.log());
    }

    fn run(&self, journey: &str, running: &Running, said: &Path) -> ExitStatus {
        let output = File::create(said).unwrap();
        let mut child =
            self.command(journey, running).stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
        let start = Instant::now();
        while start.elapsed() < LIMIT + GRACE {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            thread::sleep(Duration::from_millis(50));
        }
        // The browser goes when the pipe to it does.
        child.kill().unwrap();
        child.wait().unwrap()
    }

    fn command(&self, journey: &str, running: &Running) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let mut command = self.home.program(&self.browser.node);
        command
            .arg(folder.join(format!("{journey}.mjs")))
            .env("JOURNEY_ROOT", &running.root)
            .env("JOURNEY_ROLLCALL", env!("CARGO_BIN_EXE_rollcall"))
            .env("JOURNEY_CHROMIUM", &self.browser.chromium)
            .env("JOURNEY_SCREENSHOTS", screenshots())
            .env("JOURNEY_SECONDS", LIMIT.as_secs().to_string());
        if let Some(folder) = std::env::var_os(PICTURES) {
            command.env("JOURNEY_PICTURES", Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder));
        }
        command
    }
}

/// `target/screenshots`
fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots")
}
