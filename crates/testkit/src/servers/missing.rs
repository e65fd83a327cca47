//! A program that is not there, and how one gets it.

use super::{Interrupt, Result, ServersError, debian};

/// A program that is not there, and how one gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// What it is called, and how new it must be.
    pub name: &'static str,
    /// Debian's packages with it and what it needs to be of use.
    pub debian: &'static [&'static str],
    /// Homebrew's formula or cask.
    pub homebrew: &'static str,
}

/// What `look` finds; what it misses is installed where that is possible, and else asked for.
pub fn find_or_install<T>(look: impl Fn() -> std::result::Result<T, Vec<Missing>>, interrupt: &Interrupt) -> Result<T> {
    let missing = match look() {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    if debian::can_install() {
        debian::install(&packages(&missing), interrupt)?;
    }
    look().map_err(|missing| ServersError::Missing(sentence(&missing)))
}

fn packages(missing: &[Missing]) -> Vec<&'static str> {
    missing.iter().flat_map(|program| program.debian).copied().collect()
}

/// The one sentence for somebody who has to install something.
fn sentence(missing: &[Missing]) -> String {
    let join = |part: fn(&Missing) -> &'static str, by: &str| missing.iter().map(part).collect::<Vec<_>>().join(by);
    format!(
        "{} not found: install with `apt-get install {}` (Debian) or `brew install {}` (macOS), or put it on PATH",
        join(|program| program.name, " and "),
        packages(missing).join(" "),
        join(|program| program.homebrew, " "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const REDIS: Missing = Missing { name: "redis-server", debian: &["redis-server"], homebrew: "redis" };
    const BROWSER: Missing = Missing { name: "Chromium", debian: &["chromium", "fonts"], homebrew: "chromium" };

    #[test]
    fn one_sentence_names_what_to_install() {
        assert_eq!(
            sentence(&[REDIS]),
            "redis-server not found: install with `apt-get install redis-server` (Debian) or \
             `brew install redis` (macOS), or put it on PATH"
        );
        assert!(sentence(&[BROWSER, REDIS]).contains("`apt-get install chromium fonts redis-server`"));
    }

    #[test]
    fn what_is_there_is_taken_as_it_is() {
        let interrupt = Interrupt::listen().unwrap();
        assert_eq!(find_or_install(|| Ok(1), &interrupt).unwrap(), 1);
    }
}
