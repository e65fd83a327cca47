//! `cargo verify`: the one test command. Starts servers, runs the tests, stops the servers.

mod run;
mod wish;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use testkit::browser::Browser;
use testkit::servers::{Interrupt, Result, Servers, ServersError, extras, say};

use wish::{USAGE, Wish};

fn main() -> ExitCode {
    // No `exit` anywhere: servers are stopped by being dropped.
    match fulfil(Wish::from_arguments(env::args().skip(1).collect())) {
        Ok(code) => code,
        Err(ServersError::Interrupted(signal)) => {
            say(format_args!("stopped by signal {signal}"));
            signal_code(signal)
        }
        Err(error) => {
            say(error);
            ExitCode::FAILURE
        }
    }
}

fn fulfil(wish: Wish) -> Result<ExitCode> {
    match wish {
        Wish::Help => print(USAGE).map(|()| ExitCode::SUCCESS),
        Wish::Serve => serve(),
        Wish::Test(filter) => {
            let interrupt = Interrupt::listen()?;
            let browser = browser(&interrupt)?;
            prepare_extras(&interrupt)?;
            let mut servers = Servers::start(&interrupt)?;
            let environment = [servers.environment(), browser].concat();
            let code = run::tests(&filter, &environment, &interrupt)?;
            if let Err(error) = servers.check() {
                say(format_args!("the tests lost a server: {error}"));
            }
            Ok(code)
        }
    }
}

/// What the browser tests find in their environment. Without a browser the other tests run all the same.
fn browser(interrupt: &Interrupt) -> Result<Vec<(&'static str, String)>> {
    let browser = Browser::prepare(interrupt);
    interrupt.check()?;
    if let Err(error) = &browser {
        say(format_args!("the browser tests will fail: {error}"));
    }
    Ok(Browser::environment(&browser))
}

/// What a few tests need. Without it the others run all the same.
fn prepare_extras(interrupt: &Interrupt) -> Result<()> {
    let prepared = extras::prepare(interrupt);
    interrupt.check()?;
    if let Err(error) = prepared {
        say(format_args!("the tests of poolers and clocks will fail: {error}"));
    }
    Ok(())
}

/// Starts both servers, prints where they are and waits for Ctrl-C.
fn serve() -> Result<ExitCode> {
    let interrupt = Interrupt::listen()?;
    let browser = browser(&interrupt)?;
    let mut servers = Servers::start(&interrupt)?;
    for (name, value) in [servers.environment(), browser].concat() {
        print(&format!("export {name}='{value}'\n"))?;
    }
    say("both servers run until Ctrl-C");
    loop {
        servers.check()?;
        match interrupt.pause() {
            Err(ServersError::Interrupted(_)) => return Ok(ExitCode::SUCCESS),
            other => other?,
        }
    }
}

fn print(text: &str) -> Result<()> {
    let mut output = io::stdout();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| ServersError::io("write to standard output", error))
}

/// What shells report for a program that a signal ended.
fn signal_code(signal: i32) -> ExitCode {
    u8::try_from(128 + signal).map_or(ExitCode::FAILURE, ExitCode::from)
}
