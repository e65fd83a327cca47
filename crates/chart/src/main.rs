//! `chart write` writes what is made from `values.yaml` and from the product's settings; `chart release` keeps what this release
//! makes, for the tests of upgrades; `chart objects` prints what the chart becomes with each file of values, as JSON.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use chart::files::write as put;
use chart::{ChartError, write};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write"] => write::everything().and_then(save),
        ["release"] => write::release().and_then(save),
        ["objects"] => write::objects().map(|objects| format!("{objects}\n")),
        _ => Err(ChartError::Paper("say `write`, `release` or `objects`".to_owned())),
    };
    let said = match &done {
        Ok(text) => io::stdout().write_all(text.as_bytes()),
        Err(error) => writeln!(io::stderr(), "error: {error}"),
    };
    match done.is_ok() && said.is_ok() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

fn save(files: Vec<(PathBuf, String)>) -> Result<String, ChartError> {
    for (path, text) in files {
        put(&path, &text)?;
    }
    Ok(String::new())
}
