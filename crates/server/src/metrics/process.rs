//! What the operating system says of this process. Linux tells it in files; elsewhere nothing is told.

use std::fs;

use metrics::{counter, gauge};

/// The unit of processor time in `/proc` (`USER_HZ`), the same on every Linux we run on.
const TICKS_A_SECOND: u64 = 100;

/// Measures now.
pub fn measure() {
    if let Some(ticks) = read("stat").as_deref().and_then(processor_ticks) {
        counter!("rollcall_process_cpu_seconds_total").absolute(ticks / TICKS_A_SECOND);
    }
    if let Some(bytes) = read("status").as_deref().and_then(resident_bytes) {
        set("rollcall_process_resident_bytes", bytes);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder itself, which is open while it is read.
        set("rollcall_process_open_files", (files.count() as u64).saturating_sub(1));
    }
    if let Some(most) = read("limits").as_deref().and_then(most_files) {
        set("rollcall_process_open_files_max", most);
    }
}

/// Gauges are fractions; what they measure here is far below where whole numbers become inexact.
#[expect(clippy::cast_precision_loss, reason = "no process has 2^53 of anything")]
fn set(name: &'static str, value: u64) {
    gauge!(name).set(value as f64);
}

fn read(name: &str) -> Option<String> {
    fs::read_to_string(format!("/proc/self/{name}")).ok()
}

/// In user and in system mode. The name of the program stands in parentheses and may hold anything.
fn processor_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The soft limit; none when there is none.
fn most_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_writes_is_read() {
        let stat =
            "42 (roll) call) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 8 0 100 1000 200 18446744073709551615";
        assert_eq!(processor_ticks(stat), Some(300));
        assert_eq!(resident_bytes("VmPeak:\t  9 kB\nVmRSS:\t   2048 kB\nThreads: 8\n"), Some(2_097_152));
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 1048576              files\n";
        assert_eq!(most_files(limits), Some(1024));
        assert_eq!(most_files(&limits.replace("1024  ", "unlimited  ")), None);
        assert_eq!((processor_ticks(""), resident_bytes("")), (None, None));
    }
}
