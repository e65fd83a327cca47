//! What the journal says, read past the server.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use storage::Target;
use testkit::servers::find::on_path;

use super::ledger::Ledger;
use super::person::Word;
use crate::patience::until;

/// The facts of each tenant are numbered without a gap, and there is one for every change that was acknowledged.
pub async fn audit(target: &Target, ledger: &Ledger) {
    until("every fact to have its number", async || is_numbered(target).then_some(())).await;
    let journal = Journal::read(target);
    journal.expect_no_gap();
    journal.expect_people(ledger);
    journal.expect_groups(ledger);
    journal.expect_nobody_else(ledger);
}

/// Whether no fact waits for its number. On SQLite, where one writes at a time, it has it from the start.
fn is_numbered(target: &Target) -> bool {
    match target {
        Target::Sqlite { .. } => true,
        Target::Postgres { .. } => rows(target, "SELECT count(*) FROM fact_ticket")[0] == ["0"],
    }
}

/// What a fact says, and about whom.
type Key = (String, String);

struct Journal {
    /// By tenant.
    numbers: BTreeMap<String, Vec<u64>>,
    facts: BTreeMap<Key, usize>,
}

impl Journal {
    fn read(target: &Target) -> Self {
        let (tenant, subject) = match target {
            Target::Sqlite { .. } => ("lower(hex(tenant_id))", "lower(hex(subject_id))"),
            Target::Postgres { .. } => ("tenant_id", "replace(subject_id::text, '-', '')"),
        };
        let columns = format!("{tenant}, number, what, subject_kind, {subject}");
        let mut journal = Self { numbers: BTreeMap::new(), facts: BTreeMap::new() };
        for row in rows(target, &format!("SELECT {columns} FROM fact ORDER BY tenant_id, number")) {
            let [tenant, number, what, kind, subject] = row.try_into().unwrap();
            journal.numbers.entry(tenant).or_default().push(number.parse().unwrap());
            if ["User", "Group"].contains(&kind.as_str()) {
                *journal.facts.entry((what, subject)).or_default() += 1;
            }
        }
        journal
    }

    fn expect_no_gap(&self) {
        for (tenant, numbers) in &self.numbers {
            assert!(numbers.iter().copied().eq(1..=numbers.len() as u64), "{tenant}: {numbers:?}");
        }
    }

    /// Everybody was made once, changed as often as was acknowledged, and deleted or not.
    fn expect_people(&self, ledger: &Ledger) {
        for (person, id) in ledger.everybody().filter_map(|person| Some((person, person.id.as_ref()?))) {
            assert_eq!(self.count("created", id), 1, "{person:?}");
            assert_eq!(self.count("deleted", id), usize::from(!person.is_here()), "{person:?}");
            let patched = self.count("patched", id);
            assert!((person.patches..=person.last).contains(&patched), "{patched} patches: {person:?}");
        }
    }

    fn expect_nobody_else(&self, ledger: &Ledger) {
        let people = ledger.everybody().filter_map(|person| person.id.as_ref());
        let known: BTreeSet<String> = people.chain(&ledger.groups).map(|id| plain(id)).collect();
        for (what, subject) in self.facts.keys() {
            assert!(known.contains(subject), "{subject} was {what}");
        }
    }

    /// Every joining is a patch of its group.
    fn expect_groups(&self, ledger: &Ledger) {
        for group in &ledger.groups {
            let joined = ledger.everybody().filter(|person| person.joined.get(group) == Some(&Word::Acknowledged));
            let patched = self.count("patched", group);
            assert!(patched >= joined.count(), "{patched} patches of {group}");
            assert_eq!(self.count("created", group), 1);
        }
    }

    fn count(&self, what: &str, id: &str) -> usize {
        self.facts.get(&(what.to_owned(), plain(id))).copied().unwrap_or_default()
    }
}

fn plain(id: &str) -> String {
    id.replace('-', "")
}

/// Asks the database's own command line, since SQL is for `storage` and `testkit` alone.
fn rows(target: &Target, select: &str) -> Vec<Vec<String>> {
    let mut command = match target {
        Target::Sqlite { path } => {
            let mut command = program("sqlite3");
            command.args(["-readonly", "-batch", "-separator", "|"]).arg(path).arg(select);
            command
        }
        Target::Postgres { url } => {
            let mut command = program("psql");
            command.args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--field-separator=|",
                "--command",
                select,
                url,
            ]);
            command
        }
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{select}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect()
}

fn program(name: &str) -> Command {
    Command::new(on_path(name).unwrap_or_else(|| panic!("{name} is not on the search path; install it")))
}
