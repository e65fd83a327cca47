//! Where tests find the servers: two environment variables.

use std::env;

use super::{Result, ServersError};

/// The variable with the address of the PostgreSQL of this test run.
pub const POSTGRES_URL: &str = "ROLLCALL_TEST_POSTGRES_URL";

/// The variable with the address of the Redis of this test run.
pub const REDIS_URL: &str = "ROLLCALL_TEST_REDIS_URL";

/// The PostgreSQL of this test run, as a superuser: `postgres://rollcall_test@127.0.0.1:PORT/postgres`.
pub fn postgres_url() -> Result<String> {
    read(POSTGRES_URL)
}

/// The Redis of this test run: `redis://127.0.0.1:PORT`.
pub fn redis_url() -> Result<String> {
    read(REDIS_URL)
}

fn read(name: &'static str) -> Result<String> {
    env::var(name).map_err(|_| ServersError::NotVerified(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_names_itself_and_the_command_to_run() {
        let error = read("ROLLCALL_TEST_SURELY_NOT_SET").unwrap_err();
        assert_eq!(error.to_string(), "ROLLCALL_TEST_SURELY_NOT_SET is not set: run the tests with `cargo verify`");
    }
}
