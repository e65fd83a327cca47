//! What came of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::servers::say;

/// What came of one fault.
#[derive(Debug)]
pub struct Row {
    /// What went wrong, and for how long.
    pub fault: String,
    /// Changes and reads that were answered well.
    pub answered: usize,
    /// Requests that were told to come later: 503 with `Retry-After`.
    pub put_off: usize,
    /// Requests whose connection was cut.
    pub cut: usize,
    /// What is not as it was acknowledged, or half done; nothing when all is.
    pub lost: Option<String>,
    pub wrong: Vec<String>,
    /// The longest time in which nobody was answered well.
    pub outage: Duration,
    /// From the end of the fault until everybody was answered well again.
    pub recovery: Duration,
    /// Why it could not be tried here; nothing else counts then.
    pub not_tried: Option<String>,
}

#[derive(Default)]
pub struct Report(Vec<Row>);

/// Between these is the table in `docs/reliability.md`.
const BEGIN: &str = "<!-- The table is what `just faults --write` measured. -->";
const END: &str = "<!-- End of the table. -->";

const HEAD: &str = "\
| fault, under load | answered well | put off | cut | acknowledged changes lost | wrong answers | longest outage | recovery |
| --- | --- | --- | --- | --- | --- | --- | --- |
";

impl Row {
    pub fn not_tried(fault: &str, why: &str) -> Self {
        let not_tried = Some(why.to_owned());
        let (fault, none) = (fault.to_owned(), Duration::ZERO);
        Self {
            fault,
            answered: 0,
            put_off: 0,
            cut: 0,
            lost: None,
            wrong: Vec::new(),
            outage: none,
            recovery: none,
            not_tried,
        }
    }

    pub fn is_good(&self) -> bool {
        self.lost.is_none() && self.wrong.is_empty()
    }

    /// A row in the log of every run, also when it could not be tried, which CI can do.
    #[track_caller]
    pub fn expect_good(&self) {
        say(self.line());
        assert!(self.is_good(), "{self:#?}");
        let is_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(self.not_tried.is_none() || !is_ci, "{self:#?}");
    }

    pub fn line(&self) -> String {
        if let Some(why) = &self.not_tried {
            return format!("| {} | NOT TRIED: {why} | | | | | | |", self.fault);
        }
        let lost = self.lost.as_ref().map_or_else(|| "0".to_owned(), |what| format!("**some**: {}", first_line(what)));
        let wrong = match self.wrong.first() {
            None => "0".to_owned(),
            Some(first) => format!("**{}**, such as: {}", self.wrong.len(), first_line(first)),
        };
        let (outage, recovery) = (seconds(self.outage), seconds(self.recovery));
        format!(
            "| {} | {} | {} | {} | {lost} | {wrong} | {outage} | {recovery} |",
            self.fault, self.answered, self.put_off, self.cut
        )
    }
}

impl Report {
    pub fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    pub fn is_good(&self) -> bool {
        self.0.iter().all(Row::is_good)
    }

    pub fn markdown(&self) -> String {
        self.0.iter().fold(HEAD.to_owned(), |table, row| table + &row.line() + "\n")
    }

    /// Puts the table where it is read.
    pub fn write(&self) {
        let not_tried: Vec<&Row> = self.0.iter().filter(|row| row.not_tried.is_some()).collect();
        assert!(not_tried.is_empty(), "the page tells of all of them: {not_tried:#?}");
        let page = page();
        let text = fs::read_to_string(&page).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the place of the table");
        let (_, after) = rest.split_once(END).expect("the end of the table");
        fs::write(page, format!("{before}{BEGIN}\n\n{}\n{END}{after}", self.markdown())).unwrap();
    }
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reliability.md")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect::<String>().replace('|', "\\|")
}

#[test]
fn the_page_has_a_good_row_for_each_fault() {
    let text = fs::read_to_string(page()).unwrap();
    let (_, rest) = text.split_once(BEGIN).expect("the place of the table");
    let (table, _) = rest.split_once(END).expect("the end of the table");
    let rows = table.lines().filter(|line| line.starts_with("| ")).count();
    assert_eq!(rows, 2 + super::FAULTS.len(), "run `just faults --write`");
    assert!(table.contains(HEAD), "run `just faults --write`");
    assert_eq!(table.matches(" | 0 | 0 | ").count(), super::FAULTS.len(), "nothing lost, nothing wrong: {table}");
}
