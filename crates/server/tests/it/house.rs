//! The house as architecture.md §1 draws it: who may import whom, how long a file may be, and what the papers say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// Which of our crates each may import; `server` knows everyone.
const MAY_IMPORT: [(&str, &[&str]); 12] = [
    ("scim-protocol", &[]),
    ("sso", &[]),
    ("domain", &["scim-protocol", "sso"]),
    ("storage", &["domain", "scim-protocol", "migrations"]),
    ("outbound", &["domain"]),
    ("web", &["domain"]),
    ("scim-api", &["web", "domain", "scim-protocol"]),
    ("tenant-admin", &["web", "domain", "sso"]),
    (
        "server",
        &["scim-protocol", "sso", "domain", "storage", "outbound", "web", "scim-api", "tenant-admin", "migrations"],
    ),
    ("testkit", &["domain", "storage", "scim-protocol"]),
    ("migrations", &[]),
    ("chart", &[]),
];
/// What tests may import besides.
const FOR_TESTS: &str = "testkit";

/// What of others only these crates may use, in their tests too.
const HELD_ALONE: [(&str, &[&str]); 16] = [
    ("sea-orm", &["storage", "migrations"]),
    ("sea-orm-migration", &["storage", "migrations"]),
    ("sqlx", &["storage", "migrations", "testkit"]),
    ("redis", &["storage"]),
    // `rollcall replay`, whose client `rollcall bench` borrows, is its one user until `outbound` is built.
    ("reqwest", &["server", "outbound"]),
    ("lettre", &["outbound"]),
    ("hickory-resolver", &["outbound"]),
    // Of which tests make their own server of names.
    ("hickory-proto", &["testkit"]),
    ("jsonwebtoken", &["domain", "sso"]),
    // Who counts uses the facade; the server collects (ADR 0041).
    ("metrics", &["web", "storage", "server"]),
    ("metrics-exporter-prometheus", &["server"]),
    ("opentelemetry", &["web", "server"]),
    ("opentelemetry-otlp", &["server"]),
    ("opentelemetry_sdk", &["server"]),
    ("tracing-opentelemetry", &["web", "server"]),
    // The server lends it to `domain`, which is pure, by the port `Passwords`.
    ("argon2", &["server"]),
];

/// Crates that think and do nothing else.
const PURE: [&str; 3] = ["scim-protocol", "sso", "domain"];

/// What reaches outside of the process, as crates and as modules of the standard library.
const INPUT_AND_OUTPUT: [&str; 16] = [
    "actix-web",
    "actix-rt",
    "async-std",
    "axum",
    "fs-err",
    "hickory-resolver",
    "hyper",
    "lettre",
    "mio",
    "rand",
    "reqwest",
    "rustls",
    "socket2",
    "tokio",
    "tracing-subscriber",
    "ureq",
];
const OUTSIDE: [&str; 6] = ["std::fs", "std::net", "std::process", "std::env", "std::io::std", "std::thread"];

/// The most lines of a file that gives no reason for more.
const LONGEST: usize = 500;
/// How a file that is longer says why, among its first lines.
const REASON: &str = "is long because";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The folders of our crates.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<_> = entries(&root().join("crates"));
    folders.push(root().join("migrations"));
    folders.retain(|folder| folder.join("Cargo.toml").exists());
    folders
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

struct Manifest {
    name: String,
    table: Table,
}

impl Manifest {
    fn of(folder: &Path) -> Self {
        let table: Table = read(&folder.join("Cargo.toml")).parse().unwrap();
        let name = table["package"]["name"].as_str().unwrap().to_owned();
        Self { name, table }
    }

    /// The packages of these sections, and those for one platform alone.
    fn imports(&self, sections: &[&str]) -> BTreeSet<String> {
        let targets = self.table.get("target").and_then(|target| target.as_table());
        let targets = targets.into_iter().flat_map(Table::values).filter_map(|target| target.as_table());
        let mut imports = BTreeSet::new();
        for table in targets.chain([&self.table]) {
            for section in sections {
                let section = table.get(*section).and_then(|section| section.as_table());
                imports.extend(section.into_iter().flatten().map(|(name, told)| package(name, told)));
            }
        }
        imports
    }

    fn all_imports(&self) -> BTreeSet<String> {
        self.imports(&["dependencies", "build-dependencies", "dev-dependencies"])
    }
}

/// A package can go by another name.
fn package(name: &str, told: &toml::Value) -> String {
    let package = told.get("package").and_then(|package| package.as_str());
    package.unwrap_or(name).to_owned()
}

fn manifests() -> Vec<Manifest> {
    let manifests: Vec<_> = folders().iter().map(|folder| Manifest::of(folder)).collect();
    assert!(manifests.len() >= 8, "the crates were not found");
    manifests
}

fn may_import(name: &str) -> &'static [&'static str] {
    let row = MAY_IMPORT.iter().find(|(crate_name, _)| *crate_name == name);
    row.unwrap_or_else(|| panic!("{name} is not in the table of architecture.md §1 and of this test")).1
}

#[test]
fn crates_import_downwards_only() {
    let manifests = manifests();
    let ours: BTreeSet<String> = manifests.iter().map(|manifest| manifest.name.clone()).collect();
    for manifest in &manifests {
        let name = &manifest.name;
        for import in manifest.imports(&["dependencies", "build-dependencies"]).intersection(&ours) {
            assert!(may_import(name).contains(&import.as_str()), "{name} may not import {import}");
        }
        for import in manifest.imports(&["dev-dependencies"]).intersection(&ours) {
            let allowed = may_import(name).contains(&import.as_str()) || import == FOR_TESTS;
            assert!(allowed, "the tests of {name} may not import {import}");
        }
    }
}

#[test]
fn what_one_crate_holds_alone_is_in_no_other() {
    for manifest in manifests() {
        let (name, imports) = (manifest.name.as_str(), manifest.all_imports());
        for (import, holders) in HELD_ALONE {
            assert!(!imports.contains(import) || holders.contains(&name), "{name} may not import {import}");
        }
    }
}

#[test]
fn pure_crates_reach_for_nothing_outside() {
    for folder in folders() {
        let manifest = Manifest::of(&folder);
        if !PURE.contains(&manifest.name.as_str()) {
            continue;
        }
        let imports = manifest.imports(&["dependencies", "build-dependencies"]);
        for import in imports {
            assert!(!INPUT_AND_OUTPUT.contains(&import.as_str()), "{} may not import {import}", manifest.name);
        }
        for file in sources(&folder.join("src")) {
            let text = read(&file);
            for outside in OUTSIDE {
                assert!(!text.contains(outside), "{} reaches for {outside}", file.display());
            }
        }
    }
}

#[test]
fn every_crate_follows_the_lints_of_the_workspace() {
    for manifest in manifests() {
        let lints = manifest.table.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints.and_then(toml::Value::as_bool), Some(true), "{}", manifest.name);
    }
}

#[test]
fn a_file_of_more_than_500_lines_says_why_at_its_head() {
    for folder in folders() {
        for file in sources(&folder) {
            let text = read(&file);
            let has_reason = text.lines().take(20).any(|line| line.contains(REASON));
            let lines = text.lines().count();
            let shown = file.display();
            assert!(lines <= LONGEST || has_reason, "{shown} has {lines} lines and its head does not say \"{REASON}\"");
        }
    }
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn decisions_are_numbered_without_a_gap_and_the_map_links_them() {
    let folder = root().join("docs/adr");
    if !folder.exists() {
        return;
    }
    let names: Vec<String> = entries(&folder)
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "README.md")
        .collect();
    for (name, number) in names.iter().zip(1..) {
        let title = name.strip_prefix(&format!("{number:04}-")).and_then(|rest| rest.strip_suffix(".md"));
        let title = title.unwrap_or_else(|| panic!("docs/adr/{name} should be {number:04}-title.md"));
        let plain = |each: char| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '-';
        assert!(!title.is_empty() && title.chars().all(plain), "docs/adr/{name}: use lower case and hyphens");
    }
    let map = root().join("docs/ARCHITECTURE.md");
    if !map.exists() {
        return;
    }
    let map = read(&map);
    for name in &names {
        assert!(map.contains(&format!("adr/{name}")), "docs/ARCHITECTURE.md does not link adr/{name}");
    }
}
