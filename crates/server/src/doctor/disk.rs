//! The disk of the embedded home.

use super::Finding;
use crate::settings::{DatabaseTarget, Settings};

/// Below this a server should not be left alone, and below that it soon stops writing.
const WARN_BYTES: u64 = 1 << 30;
const BAD_BYTES: u64 = 100 << 20;

pub fn examine(settings: &Settings) -> Option<Finding> {
    let DatabaseTarget::Sqlite { path } = settings.database.target() else { return None };
    // The folder may not be there yet; the one above it is on the same disk.
    let folder =
        path.ancestors().skip(1).map(|folder| if folder.as_os_str().is_empty() { ".".as_ref() } else { folder });
    let folder = folder.into_iter().find(|folder| folder.exists())?;
    match rustix::fs::statvfs(folder) {
        Ok(disk) => Some(judge(&folder.display().to_string(), disk.f_bavail.saturating_mul(disk.f_frsize))),
        Err(error) => {
            let found = format!("the disk of {} cannot be looked at: {error}", folder.display());
            Some(Finding::warn("disk", found, "see that this user may read the folder"))
        }
    }
}

fn judge(folder: &str, free: u64) -> Finding {
    let found = format!("{} MiB are free for {folder}", free >> 20);
    let advice = "make room, or lower retention.activity_mb; a home on a full disk answers 503 to whoever writes";
    match free {
        free if free < BAD_BYTES => Finding::bad("disk", found, advice),
        free if free < WARN_BYTES => Finding::warn("disk", found, advice),
        _ => Finding::ok("disk", found),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    #[test]
    fn a_disk_that_fills_is_told_before_it_is_full() {
        let mark = |free| judge("home", free).mark;
        assert_eq!(
            [0, 99 << 20, 100 << 20, 1023 << 20, 1 << 30].map(mark),
            [Mark::Bad, Mark::Bad, Mark::Warn, Mark::Warn, Mark::Ok]
        );
    }
}
