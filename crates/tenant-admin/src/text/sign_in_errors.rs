//! The reference page of everything that a sign-in by single sign-on is refused for, written from the words.

use domain::connection::cause::SignInCause;

use super::sign_on;

const HEAD: &str = "# Causes in the sign-in log

<!-- Written by `cargo run --quiet -- config sign-in-errors > docs/reference/sign-in-errors.md`; a test fails when it is out of date. -->

Every sign-in by single sign-on that was refused has one of these causes, on the page *Sign-in log* and on that of a test. The
code stands in the log's links and in the audit, and never changes; the words are what admins read. Beside them the log says
what exactly was found, such as both values where two do not agree.

Whoever is not let in reads less: *what they are told* names nothing that only an admin may know.

| code | what it is called | why | whose job | what to do | what they are told |
| --- | --- | --- | --- | --- | --- |
";

/// The page `docs/reference/sign-in-errors.md`.
pub fn page() -> String {
    SignInCause::ALL.iter().fold(HEAD.to_owned(), |page, cause| page + &row(*cause))
}

fn row(cause: SignInCause) -> String {
    let cells = [
        format!("`{}`", cause.code()),
        sign_on::title(cause).to_owned(),
        sign_on::meaning(cause).to_owned(),
        cause.whose().words().to_owned(),
        sign_on::step(cause).to_owned(),
        sign_on::told(cause).to_owned(),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_page_has_a_row_of_six_cells_for_every_cause() {
        let page = page();
        let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(rows.len(), SignInCause::ALL.len());
        for (row, cause) in rows.iter().zip(SignInCause::ALL) {
            assert!(row.starts_with(&format!("| `{}` |", cause.code())), "{row}");
            assert_eq!(row.replace("\\|", "").matches(" | ").count(), 5, "{row}");
        }
    }

    #[test]
    fn causes_are_called_differently_and_say_whole_sentences() {
        let titles: BTreeSet<_> = SignInCause::ALL.iter().map(|cause| sign_on::title(*cause)).collect();
        assert_eq!(titles.len(), SignInCause::ALL.len());
        for cause in SignInCause::ALL.iter().copied() {
            assert!(!sign_on::title(cause).ends_with('.'), "{cause:?}");
            for sentence in [sign_on::meaning(cause), sign_on::step(cause), sign_on::told(cause)] {
                assert!(sentence.ends_with('.') && sentence.starts_with(char::is_uppercase), "{cause:?}: {sentence}");
            }
        }
    }
}
