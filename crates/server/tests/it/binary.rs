//! The binary as an operator runs it, in a folder of its own.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use storage::Target;
use tempfile::TempDir;

use crate::caller::Caller;
use crate::patience::{until, until_blocking};
use crate::served::url;
use crate::small_disk::SmallDisk;

/// A working directory and the settings that every command in it gets.
pub struct Home {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// When commands see another disk than everybody.
    disk: Option<SmallDisk>,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Home {
    /// An empty directory; nothing is set.
    pub fn empty() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), environment: Vec::new(), disk: None }
    }

    /// With a database that is somewhere else.
    pub fn on(database: &Target) -> Self {
        Self::empty().set("ROLLCALL__DATABASE__URL", &url(database))
    }

    /// The same with one setting more.
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, with commands that see this disk.
    pub fn beside(mut self, disk: SmallDisk) -> Self {
        self.disk = Some(disk);
        self
    }

    /// The disk that commands see.
    pub fn disk(&self) -> &SmallDisk {
        self.disk.as_ref().unwrap()
    }

    /// What a setting is set to.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// A command with nothing of this process's own settings, and a wish for backtraces that must not be granted.
    pub fn command<Text: AsRef<OsStr>>(&self, arguments: &[Text]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(arguments).env("RUST_BACKTRACE", "1").current_dir(self.folder.path());
        self.furnish(match &self.disk {
            Some(disk) => disk.inside(&command),
            None => command,
        })
    }

    /// Another program in the same folder with the same settings.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        self.furnish(Command::new(program))
    }

    fn furnish(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ROLLCALL_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run<Text: AsRef<OsStr>>(&self, arguments: &[Text]) -> Ended {
        finish(self.command(arguments))
    }

    /// Runs a command that has to succeed and gives what it printed.
    #[track_caller]
    pub fn text(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert!(ended.status.success(), "{arguments:?}: {ended:?}");
        ended.out
    }

    /// Runs a command with `--json`, which has to succeed and print one JSON object and nothing else.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.text(&[arguments, &["--json"]].concat());
        assert_eq!(printed.lines().count(), 1, "{arguments:?}: {printed}");
        let object: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert!(object.is_object(), "{arguments:?}: {printed}");
        object
    }

    /// Runs a command that has to fail; gives the one sentence it says.
    #[track_caller]
    pub fn refused<Text: AsRef<OsStr>>(&self, arguments: &[Text]) -> String {
        self.run(arguments).expect_refusal()
    }

    /// Starts to serve, on a free port unless one is set, and waits until it listens.
    pub fn serve(&self) -> Running {
        self.serve_with(&[])
    }

    /// [`Home::serve`] with arguments.
    pub fn serve_with(&self, arguments: &[&str]) -> Running {
        let mut running = self.start(arguments);
        running.root = until_blocking("the server to listen", || running.listening());
        running
    }

    /// [`Home::serve`] where the settings say where it will listen and the log may not.
    pub async fn serve_at(&self, root: &str) -> Running {
        let mut running = self.start(&[]);
        root.clone_into(&mut running.root);
        let caller = Caller::new(root);
        until("the server to listen", async || {
            running.expect_alive();
            caller.try_send(&Method::GET, "/healthz", None).await.ok()
        })
        .await;
        running
    }

    fn start(&self, arguments: &[&str]) -> Running {
        let name = if arguments.is_empty() { "serve".to_owned() } else { arguments.join("-") };
        let (out, err) = (self.path(&format!("{name}.out")), self.path(&format!("{name}.err")));
        let mut command = self.command(arguments);
        if !self.environment.iter().any(|(name, _)| name == "ROLLCALL__HTTP__PORT") {
            command.env("ROLLCALL__HTTP__PORT", "0");
        }
        command.stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
        Running { child: command.spawn().unwrap(), out, err, root: String::new() }
    }
}

/// Runs a command to its end.
pub fn finish(mut command: Command) -> Ended {
    let start = Instant::now();
    let output = command.output().unwrap();
    Ended {
        status: output.status,
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        took: start.elapsed(),
    }
}

impl Ended {
    /// The one sentence of a command that failed as it should: soon, in one line, with nothing of our insides.
    #[track_caller]
    pub fn expect_refusal(&self) -> String {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        let sentence = self.err.trim_end().strip_prefix("error: ");
        let sentence = sentence.unwrap_or_else(|| panic!("{self:?}"));
        for inside in ["backtrace", "panicked", "RUST_", ".rs:", "hunter2"] {
            assert!(!sentence.contains(inside), "{inside}: {sentence}");
        }
        // Three seconds are waited for a connection; the rest is for a busy machine.
        assert!(self.took < Duration::from_secs(15), "{self:?}");
        sentence.to_owned()
    }
}

/// A server that is another process. Dropping it kills it.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
    /// Where a path starts that belongs to no tenant.
    pub root: String,
}

impl Running {
    /// Its address, once it listens.
    fn listening(&mut self) -> Option<String> {
        self.expect_alive();
        let lines = self.lines();
        let line = lines.iter().find(|line| line["message"] == "listening")?;
        Some(format!("http://{}", line["address"].as_str()?))
    }

    fn expect_alive(&mut self) {
        if let Some(status) = self.child.try_wait().unwrap() {
            panic!("the server ended with {status}: {}", self.log());
        }
    }

    /// What it has logged, line by line.
    pub fn lines(&self) -> Vec<Value> {
        let log = self.log();
        // The last line may not be whole yet.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        whole.lines().map(parse).collect()
    }

    /// All that it has written to standard error.
    pub fn log(&self) -> String {
        read(&self.err)
    }

    /// All that it has written to standard output.
    pub fn printed(&self) -> String {
        read(&self.out)
    }

    /// Where it shows what it measures.
    pub fn measurements(&self) -> Caller {
        let lines = self.lines();
        let line = lines.iter().find(|line| line["message"] == "measurements are shown").unwrap();
        Caller::new(&format!("http://{}", line["address"].as_str().unwrap()))
    }

    pub fn base(&self, slug: &str) -> String {
        format!("{}/t/{slug}/scim/v2", self.root)
    }

    pub fn caller(&self, slug: &str, token: &str) -> Caller {
        Caller::with_token(&self.base(slug), token)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -s \"$1\" \"$2\"", "kill", name, &self.id().to_string()]);
        assert!(kill.status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        until_blocking("the server to end", || self.child.try_wait().unwrap())
    }

    /// Asks it to stop and waits until it has, as it should; gives its log.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.ended();
        let log = self.log();
        assert!(status.success(), "{status}: {log}");
        log
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
