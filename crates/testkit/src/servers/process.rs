//! A child process that writes to a log, is waited for with patience, and never left behind.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{Interrupt, Result, ServersError};

/// How long a server may take until it answers; starts are slow on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a process may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// How many lines of a log an error shows.
const LOG_LINES: usize = 12;

/// How often a server is started anew when another program was quicker to take its port.
const STARTS: usize = 3;

/// A running child. Dropping it stops it.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program in `directory`, with its output in a log file there.
    pub fn spawn(name: &'static str, mut command: Command, directory: &Path) -> Result<Self> {
        let log = directory.join(format!("{name}.log"));
        let output = File::create(&log).map_err(|error| ServersError::io("create a log file", error))?;
        let errors = output.try_clone().map_err(|error| ServersError::io("share a log file", error))?;
        command.current_dir(directory).stdin(Stdio::null()).stdout(output).stderr(errors);
        // A group of its own: Ctrl-C is for the launcher, which then stops the servers in order.
        command.process_group(0);
        let child = command.spawn().map_err(|error| ServersError::io(format!("start {name}"), error))?;
        Ok(Self { name, child, log })
    }

    /// Waits until the program has ended well.
    pub fn finish(mut self, interrupt: &Interrupt) -> Result<()> {
        loop {
            match self.ended()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.failed(status)),
                None => interrupt.pause()?,
            }
        }
    }

    /// Waits until the server answers.
    pub fn wait_for(&mut self, answers: impl Fn() -> bool, interrupt: &Interrupt) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let answered = answers();
            // Asked second: an answer may be that of a stranger who took the port first.
            self.check()?;
            if answered {
                return Ok(());
            }
            interrupt.pause()?;
        }
        Err(ServersError::Silent { program: self.name, seconds: PATIENCE.as_secs(), log: tail(&self.log) })
    }

    /// Fails when the program has ended.
    pub fn check(&mut self) -> Result<()> {
        self.ended()?.map_or(Ok(()), |status| Err(self.failed(status)))
    }

    /// Stops the program where it is, as a machine does that has no time for it.
    pub fn freeze(&mut self) -> Result<()> {
        signal_child(&mut self.child, Signal::STOP)
    }

    /// Lets a frozen program go on.
    pub fn thaw(&mut self) -> Result<()> {
        signal_child(&mut self.child, Signal::CONT)
    }

    /// Ends the program on the spot.
    pub fn kill(&mut self) -> Result<()> {
        signal_child(&mut self.child, Signal::KILL)?;
        self.child.wait().map(drop).map_err(|error| ServersError::io(format!("wait for {}", self.name), error))
    }

    fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().map_err(|error| ServersError::io(format!("wait for {}", self.name), error))
    }

    fn failed(&self, status: ExitStatus) -> ServersError {
        ServersError::Failed { program: self.name.to_owned(), status: status.to_string(), log: tail(&self.log) }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A frozen program would not hear that it is to stop.
        let _ = self.thaw();
        stop(&mut self.child, Signal::INT, GRACE);
    }
}

/// Asks a child to stop, and kills it when it takes longer than `grace`.
pub fn stop(child: &mut Child, signal: Signal, grace: Duration) {
    // Nobody is left to tell of errors here; the guard is the second line.
    let _ = signal_child(child, signal);
    let start = Instant::now();
    while start.elapsed() < grace {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// Sends a signal to a child that has not been waited for yet.
pub fn signal_child(child: &mut Child, signal: Signal) -> Result<()> {
    if !matches!(child.try_wait(), Ok(None)) {
        return Ok(());
    }
    kill_process(Pid::from_child(child), signal).map_err(|error| ServersError::io("send a signal", error.into()))
}

/// Calls `start` with a free loopback port, and anew with another when the server did not come up.
pub fn on_free_port<T>(start: impl Fn(SocketAddr) -> Result<T>) -> Result<T> {
    let mut result = start(free_port()?);
    for _ in 1..STARTS {
        if !matches!(result, Err(ServersError::Failed { .. })) {
            break;
        }
        result = start(free_port()?);
    }
    result
}

fn free_port() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(|error| ServersError::io("find a free port on 127.0.0.1", error))
}

/// The end of a log, on lines of their own.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let skipped = text.lines().count().saturating_sub(LOG_LINES);
    text.lines().skip(skipped).flat_map(|line| ["\n    ", line]).collect()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    fn shell(script: &str, directory: &Path) -> Process {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Process::spawn("shell", command, directory).unwrap()
    }

    #[test]
    fn a_program_that_fails_shows_its_last_words() {
        let directory = tempfile::tempdir().unwrap();
        let error = shell("echo one; echo two >&2; exit 3", directory.path()).finish(&Interrupt::default());
        assert_eq!(error.unwrap_err().to_string(), "shell failed (exit status: 3)\n    one\n    two");
    }

    #[test]
    fn a_program_that_ends_well_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        assert!(shell("true", directory.path()).finish(&Interrupt::default()).is_ok());
    }

    #[test]
    fn waiting_for_a_server_that_has_ended_fails_even_when_the_port_answers() {
        let directory = tempfile::tempdir().unwrap();
        let mut server = shell("exit 1", directory.path());
        server.child.wait().unwrap();
        assert!(matches!(server.wait_for(|| true, &Interrupt::default()), Err(ServersError::Failed { .. })));
    }

    #[test]
    fn dropping_stops_the_program() {
        let directory = tempfile::tempdir().unwrap();
        let server = shell("exec sleep 60", directory.path());
        let pid = Pid::from_child(&server.child);
        drop(server);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }

    #[test]
    fn dropping_stops_a_frozen_program_without_waiting_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut server = shell("exec sleep 60", directory.path());
        server.freeze().unwrap();
        let start = Instant::now();
        drop(server);
        assert!(start.elapsed() < GRACE);
    }

    #[test]
    fn a_program_is_killed_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let mut server = shell("exec sleep 60", directory.path());
        server.kill().unwrap();
        assert!(matches!(server.check(), Err(ServersError::Failed { .. })));
    }

    #[test]
    fn a_program_that_will_not_stop_is_killed() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' INT; echo deaf; exec sleep 60"]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0; 5]).unwrap();
        stop(&mut child, Signal::INT, Duration::from_millis(200));
        assert_eq!(child.wait().unwrap().signal(), Some(Signal::KILL.as_raw()));
    }

    #[test]
    fn a_server_that_does_not_come_up_gets_another_port() {
        let ports = Cell::new(Vec::new());
        let result = on_free_port(|address| {
            let mut seen = ports.take();
            seen.push(address.port());
            let count = seen.len();
            ports.set(seen);
            if count < 2 {
                Err(ServersError::Failed { program: String::new(), status: String::new(), log: String::new() })
            } else {
                Ok(count)
            }
        });
        assert_eq!(result.unwrap(), 2);
    }
}
