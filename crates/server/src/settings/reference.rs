//! The reference page, written from the table.

use super::table::{Fallback, Key, SECTIONS, Section};

const HEAD: &str = "# Configuration

<!-- Written by `cargo run --quiet -- config reference > docs/reference/configuration.md`; a test fails when it is out of date. -->

Settings come in three layers; each overrides the one before:

1. built-in defaults,
2. a TOML file: the one named by `--config FILE`, or `rollcall.toml` in the working directory when it exists,
3. environment variables, `ROLLCALL__SECTION__KEY` (two underscores before each part).

```toml
public_url = \"https://directory.example.com\"

[http]
host = \"0.0.0.0\"

[database]
url = \"postgres://rollcall@db.example.com/rollcall\"
```

A value that a key does not take and a key that does not exist stop the start with one sentence that names the key, where it
was set and what was expected; a bad value stops it even when a later layer would override it. In the file numbers and `true`/`false` stand without
quotes, everything else in quotes. Variables that start with `ROLLCALL_` and only one underscore are not settings and are ignored.

`rollcall config check` prints the settings that hold and where each came from. The value of a key marked *secret* is never
printed. This page is the output of `rollcall config reference`; to change it, change the tables in `crates/server/src/settings/` and run
`cargo run --quiet -- config reference > docs/reference/configuration.md`.
";

/// The reference of all settings, in Markdown: `docs/reference/configuration.md`.
pub fn page() -> String {
    SECTIONS.iter().fold(HEAD.to_owned(), |page, section| page + &chapter(section))
}

fn chapter(section: &Section) -> String {
    let title = if section.name.is_empty() { "Top level".to_owned() } else { format!("`[{}]`", section.name) };
    let rows: String = section.keys.iter().map(row).collect();
    format!(
        "\n## {title}\n\n{}\n\n| key | environment variable | expected | default | meaning |\n| --- | --- | --- | --- | --- |\n{rows}",
        section.meaning
    )
}

fn row(key: &Key) -> String {
    let secret = if key.secret { " *Secret.*" } else { "" };
    let cells = [
        format!("`{}`", key.name),
        format!("`{}`", key.env()),
        key.kind.expected(),
        fallback(key.fallback),
        format!("{}{secret}", key.meaning),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn fallback(fallback: Fallback) -> String {
    match fallback {
        Fallback::Value(value) => format!("`{value}`"),
        Fallback::Derived(what) => what.to_owned(),
        Fallback::Nothing(what) => format!("not set: {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_in_the_repository_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/configuration.md");
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert!(kept == page(), "run: cargo run --quiet -- config reference > docs/reference/configuration.md");
    }

    #[test]
    fn the_page_has_a_row_for_every_key() {
        for key in super::super::all_keys() {
            assert!(page().contains(&format!("| `{}` | `{}` |", key.name, key.env())), "{}", key.name);
        }
    }
}
