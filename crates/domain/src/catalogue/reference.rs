//! The reference page of all causes, written from the table.

use super::Cause;

const HEAD: &str = "# Causes in the activity log

<!-- Written by `cargo run --quiet -- config error-codes > docs/reference/error-codes.md`; a test fails when it is out of date. -->

Every request that was refused or failed has one of these causes. The code stands in exports and links and never changes; the
words are what admins read. [errors](errors.md) lists what is answered, which says less: a caller that is not let in always gets
the same 401.

| code | status | what is said | why | whose job | what to do |
| --- | --- | --- | --- | --- | --- |
";

/// The page `docs/reference/error-codes.md`.
pub fn page() -> String {
    Cause::ALL.iter().fold(HEAD.to_owned(), |page, cause| page + &row(*cause))
}

fn row(cause: Cause) -> String {
    let statuses: Vec<String> = cause.statuses().iter().map(u16::to_string).collect();
    let statuses = if statuses.is_empty() { "any".to_owned() } else { statuses.join(", ") };
    let cells = [
        format!("`{}`", cause.code()),
        statuses,
        cause.title().to_owned(),
        cause.why().to_owned(),
        cause.whose().words().to_owned(),
        cause.what_to_do().to_owned(),
    ];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}
