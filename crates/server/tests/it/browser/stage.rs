//! A server of one journey's own, and the journey itself as a child process.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use testkit::EmptyDatabase;
use testkit::age::age;
use testkit::browser::Browser;
use testkit::{DnsReply, DnsServer};

use crate::binary::{Home, Running};
use crate::served::url;

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
    /// Who is asked about domains.
    dns: DnsServer,
    /// One more server on the same database, where there are two.
    replica: Option<Replica>,
}

/// A second server, and the database that the two share.
struct Replica {
    home: Home,
    _database: EmptyDatabase,
}

impl Stage {
    /// With the settings of the embedded home, on a free port that every command knows.
    pub fn empty() -> Self {
        let browser = Browser::of_this_run().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let dns = DnsServer::start().unwrap();
        let home = Home::empty().set("ROLLCALL__HTTP__PORT", &port.to_string());
        let home = home.set("ROLLCALL__DNS__SERVERS", &dns.address().to_string());
        Self { browser, home, dns, replica: None }
    }

    /// Two servers on one PostgreSQL, who may ask identity providers of this machine. Pages are at `localhost`, which is
    /// another site to a browser than the `127.0.0.1` where those are.
    pub fn fleet() -> Self {
        let Self { browser, home, dns, .. } = Self::empty();
        let database = wait_for(EmptyDatabase::postgres());
        let set = |home: Home| {
            home.set("ROLLCALL__DATABASE__URL", &url(database.target()))
                .set("ROLLCALL__SSO__ALLOWED_NETWORKS", "127.0.0.0/8")
                .set("ROLLCALL__DNS__SERVERS", &dns.address().to_string())
        };
        let port = home.setting("ROLLCALL__HTTP__PORT").unwrap().to_owned();
        let public = format!("http://localhost:{port}");
        let home = set(home).set("ROLLCALL__PUBLIC_URL", &public);
        let other = set(Home::empty()).set("ROLLCALL__PUBLIC_URL", &public);
        Self { browser, home, dns, replica: Some(Replica { home: other, _database: database }) }
    }

    /// Serves, and plays the journey of this name in front of it.
    pub fn play(self, journey: &str) {
        let running = self.home.serve();
        let replica = self.replica.as_ref().map(|replica| replica.home.serve());
        let errors = self.home.path("journey.errors");
        let mut child = self.command(journey, &running);
        if let Some(replica) = &replica {
            // A cookie of the one has to go to the other.
            child.env("JOURNEY_ROOT", self.home.setting("ROLLCALL__PUBLIC_URL").unwrap());
            child.env("JOURNEY_OTHER_ROOT", &replica.root);
        }
        child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(File::create(&errors).unwrap());
        let child = child.spawn().unwrap();
        let watch = Watch::over(child.id());
        let (status, said) = self.attend(child);
        drop(watch);
        let errors = fs::read_to_string(&errors).unwrap();
        let log = running.log();
        assert!(status.success(), "{journey} ended with {status}:\n{errors}\n{said}\nthe server logged:\n{log}");
    }

    /// Hears what the journey says, and does what it asks for, until it ends.
    fn attend(&self, mut child: Child) -> (ExitStatus, String) {
        let mut answers = child.stdin.take().unwrap();
        let mut said = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.strip_prefix('@').and_then(|wish| wish.split_once(' ')) {
                Some(("age", wish)) => self.age(wish),
                Some(("publish", wish)) => self.publish(wish),
                _ => {
                    said.extend([line.as_str(), "\n"]);
                    continue;
                }
            }
            // It may have gone meanwhile.
            let _ = answers.write_all(b"done\n");
        }
        (child.wait().unwrap(), said)
    }

    /// `<file> <prefix of the names of tables> <seconds>`
    fn age(&self, wish: &str) {
        let words: Vec<&str> = wish.split(' ').collect();
        let [file, prefix, seconds] = words[..] else { panic!("not a wish: {wish}") };
        let file = self.home.path("rollcall-data").join(file);
        wait_for(age(&file, prefix, seconds.parse().unwrap()));
    }

    /// `<name> <text>`; without a text there is the name and no record.
    fn publish(&self, wish: &str) {
        match wish.split_once(' ') {
            Some((name, text)) if !text.is_empty() => self.dns.publish(name, &[text]),
            _ => self.dns.reply(wish.trim(), DnsReply::Nothing),
        }
    }

    fn command(&self, journey: &str, running: &Running) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
        let mut command = self.home.program(&self.browser.node);
        command
            .arg(folder.join(format!("{journey}.mjs")))
            .env("JOURNEY_ROOT", &running.root)
            .env("JOURNEY_ROLLCALL", env!("CARGO_BIN_EXE_rollcall"))
            .env("JOURNEY_INVITATION", invitation(&running.printed()))
            .env("JOURNEY_CHROMIUM", &self.browser.chromium)
            .env("JOURNEY_SCREENSHOTS", screenshots())
            .env("JOURNEY_SECONDS", LIMIT.as_secs().to_string());
        if let Some(folder) = std::env::var_os(PICTURES) {
            command.env("JOURNEY_PICTURES", Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder));
        }
        command
    }
}

/// The link to a password that the first start prints; with a database of its own there is none.
fn invitation(printed: &str) -> &str {
    let mut lines = printed.lines().map(str::trim);
    lines.find(|line| line.starts_with("http") && line.contains("/sign-in/link/")).unwrap_or("none")
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Ends a journey that does not end itself. The browser goes when the pipe to it does.
struct Watch {
    is_over: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn over(process: u32) -> Self {
        let (is_over, over) = mpsc::channel();
        let thread = thread::spawn(move || {
            if over.recv_timeout(LIMIT + GRACE) == Err(RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-KILL", &process.to_string()]).status();
            }
        });
        Self { is_over, thread: Some(thread) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.is_over.send(());
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// `target/screenshots`
fn screenshots() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots")
}
