//! What commands print: results on standard output, the rest on standard error.

use std::io::{self, Write};

use serde_json::Value;

/// Prints a result for people.
///
/// # Errors
/// When standard output cannot be written; a reader that went away is no error.
pub fn text(text: &str) -> io::Result<()> {
    forgive_closed_pipe(writeln!(io::stdout().lock(), "{text}"))
}

/// Prints a result for scripts: one line of JSON.
///
/// # Errors
/// As [`text`].
pub fn json(value: &Value) -> io::Result<()> {
    text(&value.to_string())
}

/// Prints a result for scripts or for people.
///
/// # Errors
/// As [`text`].
pub fn report(as_json: bool, shown: &Value, for_people: &str) -> anyhow::Result<()> {
    match as_json {
        true => json(shown)?,
        false => text(for_people)?,
    }
    Ok(())
}

/// Prints a result on standard error, because standard output has something else.
///
/// # Errors
/// When standard error cannot be written.
pub fn beside(as_json: bool, shown: &Value, for_people: &str) -> anyhow::Result<()> {
    let text = if as_json { shown.to_string() } else { for_people.to_owned() };
    Ok(forgive_closed_pipe(writeln!(io::stderr().lock(), "{text}"))?)
}

/// Prints why a command failed. There is nobody left to tell when that fails too.
pub fn error(message: &str) {
    drop(writeln!(io::stderr().lock(), "error: {message}"));
}

fn forgive_closed_pipe(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
