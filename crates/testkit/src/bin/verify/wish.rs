//! What the command line asks for.

/// The answer to `--help`.
pub const USAGE: &str = "\
Starts a throw-away PostgreSQL and Redis, runs the tests against them, and stops them again.

    cargo verify                   every test and doc test of the workspace
    cargo verify ARGUMENTS...      what `cargo nextest run ARGUMENTS...` selects, without doc tests:
                                   `cargo verify -p storage`, `cargo verify tokens`
    cargo verify --serve           only the servers, until Ctrl-C; prints their addresses as exports

PostgreSQL 14 or newer and redis-server must be installed, and for the browser tests Chromium and
Node.js 18 or newer with npm, for those of poolers and clocks PgBouncer and libfaketime; for root on
Debian they are installed when they are missing. Without cargo-nextest, `cargo test` runs the tests.
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Wish {
    /// How to use this command.
    Help,
    /// The servers without tests.
    Serve,
    /// Tests, with arguments for the runner; without any, all tests.
    Test(Vec<String>),
}

impl Wish {
    /// Reads the arguments after the program's name.
    pub fn from_arguments(arguments: Vec<String>) -> Self {
        match arguments.first().map(String::as_str) {
            Some("--help" | "-h") => Self::Help,
            Some("--serve") if arguments.len() == 1 => Self::Serve,
            _ => Self::Test(arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(line: &str) -> Wish {
        Wish::from_arguments(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn no_arguments_ask_for_all_tests() {
        assert_eq!(wish(""), Wish::Test(Vec::new()));
    }

    #[test]
    fn serve_and_help_are_ours_and_everything_else_is_the_runners() {
        assert_eq!(wish("--serve"), Wish::Serve);
        assert_eq!(wish("--help"), Wish::Help);
        assert_eq!(wish("-p storage"), Wish::Test(vec!["-p".to_owned(), "storage".to_owned()]));
    }
}
