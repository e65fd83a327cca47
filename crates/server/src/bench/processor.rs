//! Processor time of running programs.

use std::collections::HashSet;
use std::time::Duration;

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::error::BenchError;

/// A program that is watched: a process and all that it started, such as PostgreSQL's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// What it is called in the report.
    pub name: String,
    /// The process that started the others.
    pub root: u32,
}

/// Watches programs of this machine.
pub struct Processor {
    system: System,
    watched: Vec<Watched>,
}

impl Processor {
    /// Takes the programs.
    ///
    /// # Errors
    /// [`BenchError::NoProcess`] for one that does not run.
    pub fn new(watched: Vec<Watched>) -> Result<Self, BenchError> {
        let mut it = Self { system: System::new(), watched };
        it.refresh();
        let is_gone = |it: &Self, root: u32| it.system.process(Pid::from_u32(root)).is_none();
        match it.watched.iter().find(|one| is_gone(&it, one.root)) {
            Some(gone) => Err(BenchError::NoProcess(gone.root)),
            None => Ok(it),
        }
    }

    /// What the programs have used since they began, in the order in which they were given, each with its name. Of a process
    /// that has ended nothing is counted any more.
    pub fn used(&mut self) -> Vec<(String, Duration)> {
        self.refresh();
        self.watched.iter().map(|one| (one.name.clone(), self.used_by(Pid::from_u32(one.root)))).collect()
    }

    fn refresh(&mut self) {
        let what = ProcessRefreshKind::nothing().with_cpu().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, what);
    }

    fn used_by(&self, root: Pid) -> Duration {
        let mut family = HashSet::from([root]);
        loop {
            let is_child = |parent: Option<Pid>| parent.is_some_and(|parent| family.contains(&parent));
            let born: Vec<Pid> = self
                .system
                .processes()
                .iter()
                .filter(|(id, process)| !family.contains(id) && is_child(process.parent()))
                .map(|(id, _)| *id)
                .collect();
            if born.is_empty() {
                break;
            }
            family.extend(born);
        }
        let of = |id: &Pid| self.system.process(*id).map(sysinfo::Process::accumulated_cpu_time);
        Duration::from_millis(family.iter().filter_map(of).sum())
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_a_process_started_counts_for_it() {
        let mut worker = Command::new("sh");
        worker.args(["-c", "(while :; do :; done) & wait"]).stdout(Stdio::null());
        let mut busy = worker.spawn().unwrap();
        let watched = Watched { name: "busy".to_owned(), root: busy.id() };
        let mut processor = Processor::new(vec![watched]).unwrap();
        let begun = Instant::now();
        while processor.used()[0].1 < Duration::from_millis(50) && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let used = processor.used();
        let kill = format!("pkill -P {0}; kill {0}", busy.id());
        Command::new("sh").args(["-c", &kill]).status().unwrap();
        busy.wait().unwrap();
        assert!(used[0].0 == "busy" && used[0].1 >= Duration::from_millis(50), "{used:?}");
    }

    #[test]
    fn a_process_that_is_not_there_cannot_be_watched() {
        let nobody = Watched { name: "nobody".to_owned(), root: u32::MAX - 1 };
        assert!(matches!(Processor::new(vec![nobody]), Err(BenchError::NoProcess(_))));
    }
}
