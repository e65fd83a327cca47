//! Sentences about who has changed something.

use domain::who::Mark;

/// What somebody is told whose form is older than what is there.
pub fn changed_meanwhile(mark: Option<&Mark>) -> String {
    match mark {
        Some(mark) => format!(
            "It was changed by {} since you opened this page. What is there now stands below; make your change again if it is still needed.",
            mark.by
        ),
        None => "It was changed since you opened this page. What is there now stands below.".to_owned(),
    }
}
