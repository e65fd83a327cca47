//! What the journal says, read past the server.

use std::collections::{BTreeMap, BTreeSet};

use storage::Target;
use testkit::db::texts;

use super::ledger::Ledger;
use super::person::Word;
use crate::patience::until;

/// The facts of each tenant are numbered without a gap, and there is one for every change that was acknowledged.
pub async fn audit(target: &Target, ledger: &Ledger) {
    until("every fact to have its number", async || is_numbered(target).await.then_some(())).await;
    let journal = Journal::read(target).await;
    journal.expect_no_gap();
    journal.expect_people(ledger);
    journal.expect_groups(ledger);
    journal.expect_nobody_else(ledger);
}

/// Whether no fact waits for its number. On SQLite, where one writes at a time, it has it from the start.
async fn is_numbered(target: &Target) -> bool {
    match target {
        Target::Sqlite { .. } => true,
        Target::Postgres { .. } => texts(target, "SELECT count(*)::text FROM fact_ticket").await == ["0"],
    }
}

/// The tenant that all clients of a load work in.
const TENANT: &str = "acme";

/// What a fact says, and about whom.
type Key = (String, String);

struct Journal {
    /// By tenant.
    numbers: BTreeMap<String, Vec<u64>>,
    /// Those of the clients' tenant.
    facts: BTreeMap<Key, usize>,
}

impl Journal {
    async fn read(target: &Target) -> Self {
        let subject = match target {
            Target::Sqlite { .. } => "lower(hex(subject_id))",
            Target::Postgres { .. } => "replace(subject_id::text, '-', '')",
        };
        let tenant = "(SELECT slug FROM tenant WHERE tenant.id = fact.tenant_id)";
        let columns = [tenant, "CAST(number AS text)", "what", "subject_kind", &format!("coalesce({subject}, '')")];
        let select = format!("SELECT {} FROM fact ORDER BY tenant_id, number", columns.join(" || '|' || "));
        let mut journal = Self { numbers: BTreeMap::new(), facts: BTreeMap::new() };
        for row in texts(target, &select).await {
            let row: Vec<String> = row.split('|').map(str::to_owned).collect();
            let [tenant, number, what, kind, subject] = row.try_into().unwrap();
            let of_clients = tenant == TENANT;
            journal.numbers.entry(tenant).or_default().push(number.parse().unwrap());
            if of_clients && ["User", "Group"].contains(&kind.as_str()) {
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
