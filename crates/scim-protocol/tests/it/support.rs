//! `docs/reference/scim-support.md`: every duty is there, and what it gives as proof exists.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The sections that put duties on a service provider, by the heading they stand under (scim-checklist.md).
const SECTIONS: [(&str, &[&str]); 4] = [
    ("What was decided where documents disagree", &["D1", "D2", "D3", "D4", "D5", "D6"]),
    (
        "RFC 7643: schemas",
        &[
            "2.1",
            "2.2",
            "2.3.1-2.3.6",
            "2.3.7",
            "2.3.8",
            "2.4",
            "2.5",
            "3",
            "3.1",
            "3.2",
            "3.3",
            "4.1.1",
            "4.1.2",
            "4.2",
            "4.3",
            "5",
            "6",
            "7",
            "8.7",
            "9.2",
            "9.3",
        ],
    ),
    (
        "RFC 7644: protocol",
        &[
            "2", "2.1", "3.1", "3.2", "3.3", "3.3.1", "3.4.1", "3.4.2", "3.4.2.1", "3.4.2.2", "3.4.2.3", "3.4.2.4",
            "3.4.2.5", "3.4.3", "3.5.1", "3.5.2", "3.5.2.1", "3.5.2.2", "3.5.2.3", "3.6", "3.7", "3.7.1", "3.7.2",
            "3.7.4", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "4", "5", "6", "7.2", "7.4", "7.5", "7.7",
            "7.8", "8.1",
        ],
    ),
    ("RFC 9865: cursors", &["2", "2.1", "2.2", "2.3-2.4", "3", "4", "5.2", "5.3"]),
];

const LEVELS: [&str; 4] = ["must", "should", "optional", "decided"];

const DOCUMENTED: &str = "documented: ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/reference/scim-support.md")).unwrap()
}

/// A row of a table: `| section | level | duty | what Rollcall does | proof |`.
#[derive(Debug)]
struct Row<'p> {
    heading: &'p str,
    /// The section, and a letter where it has several duties: `3.4.2.2 b`.
    id: &'p str,
    cells: Vec<&'p str>,
}

impl Row<'_> {
    fn section(&self) -> &str {
        self.id.split(' ').next().unwrap_or_default()
    }
}

fn rows(page: &str) -> Vec<Row<'_>> {
    let (mut rows, mut heading) = (Vec::new(), "");
    for line in page.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        let Some(inside) = line.strip_prefix('|') else { continue };
        let cells: Vec<&str> = inside.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
        let id = cells.first().copied().unwrap_or_default();
        if id != "section" && id != "---" {
            rows.push(Row { heading, id, cells });
        }
    }
    rows
}

/// What is wrong with the page, a sentence each.
fn faults(page: &str) -> Vec<String> {
    let rows = rows(page);
    let (mut faults, mut seen) = (Vec::new(), HashSet::new());
    for row in &rows {
        let of_row = faults_of(row).into_iter().map(|fault| format!("{}, {}: {fault}", row.heading, row.id));
        faults.extend(of_row);
        if !seen.insert((row.heading, row.id)) {
            faults.push(format!("{}, {}: is there twice", row.heading, row.id));
        }
    }
    for (heading, sections) in SECTIONS {
        let there: HashSet<&str> = rows.iter().filter(|row| row.heading == heading).map(Row::section).collect();
        let missing = sections.iter().filter(|section| !there.contains(*section));
        faults.extend(missing.map(|section| format!("{heading}, {section}: is missing")));
    }
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    faults.extend(links.filter(|link| !leads_somewhere(link)).map(|link| format!("the link {link} leads nowhere")));
    faults
}

fn faults_of(row: &Row<'_>) -> Vec<String> {
    let [_, level, duty, what, proof] = row.cells.as_slice() else {
        return vec![format!("has {} cells instead of 5", row.cells.len())];
    };
    let mut faults = Vec::new();
    if !SECTIONS.iter().any(|(heading, sections)| *heading == row.heading && sections.contains(&row.section())) {
        faults.push("is no section that is listed in this test".to_owned());
    }
    if !LEVELS.contains(level) {
        faults.push(format!("{level} is no level"));
    }
    if duty.is_empty() || what.is_empty() || proof.is_empty() {
        faults.push("has an empty cell".to_owned());
    }
    if !proof.starts_with(DOCUMENTED) {
        faults.extend(proof.split("<br>").filter_map(|one| fault_of_proof(one.trim()).err()));
    } else if !proof.contains("](") {
        faults.push("says \"documented\" and does not link where".to_owned());
    }
    faults
}

/// A proof is `` `crate/path.rs::function` ``.
fn fault_of_proof(proof: &str) -> Result<(), String> {
    let named = proof.strip_prefix('`').and_then(|proof| proof.strip_suffix('`')).and_then(|it| it.split_once("::"));
    let (file, function) = named.ok_or_else(|| format!("\"{proof}\" names no test"))?;
    let text = fs::read_to_string(root().join("crates").join(file)).map_err(|_| format!("there is no {file}"))?;
    match is_test(&text, function) {
        true => Ok(()),
        false => Err(format!("{file} has no test {function}")),
    }
}

/// Whether a function stands below a test attribute, or in the list of a macro that makes tests of functions, such as
/// `on_both_databases! { World: one, another }`.
fn is_test(text: &str, function: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let head = format!("fn {function}(");
    let Some(at) = lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&head)) else {
        return false;
    };
    let attributes = lines.iter().take(at).rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
    let has_attribute = attributes.into_iter().any(|line| line.starts_with("#[test") || line.contains("::test"));
    let listed = format!("{function},");
    let mut in_list = false;
    let is_listed = lines.iter().any(|line| {
        in_list = if in_list { *line != "}" } else { line.starts_with("on_") && line.contains("! {") };
        in_list && (*line == listed || *line == function)
    });
    has_attribute || is_listed
}

fn leads_somewhere(link: &str) -> bool {
    let file = link.split('#').next().unwrap_or_default();
    link.starts_with("https://") || root().join("docs/reference").join(file).is_file()
}

#[test]
fn every_duty_is_there_and_its_proof_exists() {
    assert_eq!(faults(&page()), Vec::<String>::new());
}

/// The page as it is, with one thing wrong in it, is found out.
#[test]
fn a_page_that_drifts_is_found_out() {
    let page = page();
    let proof = "scim-protocol/src/filter/parse.rs::literals_are_json";
    let row = page.lines().find(|line| line.starts_with("| 3.13 |")).unwrap();
    for (good, bad, fault) in [
        (proof, "scim-protocol/src/filter/parse.rs::printed", "has no test printed"),
        (proof, "scim-protocol/src/filter/parse.rs::literals_are", "has no test literals_are"),
        (proof, "scim-protocol/src/filter/parser.rs::literals_are_json", "there is no"),
        (proof, "literals_are_json", "names no test"),
        ("documented: [TLS in the guide](../guides/connect-entra.md)", "documented", "names no test"),
        ("documented: [TLS in the guide](../guides/connect-entra.md)", "documented: somewhere", "does not link"),
        ("../guides/connect-entra.md", "../guides/connect.md", "leads nowhere"),
        (row, "", "RFC 7644: protocol, 3.13: is missing"),
        (row, "| 3.13 | must | a duty | done | |", "empty cell"),
        (row, "| 3.13 | must | a duty | done |", "4 cells"),
        (row, "| 3.99 | must | a duty | done | `x` |", "no section"),
        (row, "| 3.13 | perhaps | a duty | done | `x` |", "no level"),
        ("| 3.4.2.2 b |", "| 3.4.2.2 a |", "3.4.2.2 a: is there twice"),
        ("## RFC 9865: cursors", "## Cursors", "RFC 9865: cursors, 2.2: is missing"),
    ] {
        let found = faults(&page.replacen(good, bad, 1));
        assert!(found.iter().any(|found| found.contains(fault)), "{bad}: {found:?}");
    }
}

#[test]
fn tests_are_known_from_other_functions() {
    let text = "on_both_databases! { World:\n    listed,\n    last\n}\n\nasync fn listed(world: &World) {}\nfn last() {}\n\n\
                fn helper() {}\n\n#[tokio::test(start_paused = true)]\n// Why.\nasync fn attributed() {}\n\n\
                fn user() {\n    let x = [\n        helper,\n    ];\n}\n";
    for name in ["listed", "last", "attributed"] {
        assert!(is_test(text, name), "{name}");
    }
    for name in ["helper", "user", "listed_not", "nothing"] {
        assert!(!is_test(text, name), "{name}");
    }
}
