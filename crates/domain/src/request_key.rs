//! By what a request is known when it comes again.
//!
//! A form carries a key that was made when it was shown. What a request makes and shows once is noted under its key in the
//! same transaction; the same key never makes anything again, so that a person whose network failed after the first
//! request may press the button once more.

use std::str::FromStr;

use crate::ids::CredentialId;

/// How long keys are kept, in seconds.
pub const KEEP_SECONDS: i64 = 86_400;

/// The key of a request that makes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestKey(String);

impl RequestKey {
    /// A key for a form, of bits that nobody has drawn before.
    pub fn new(bits: [u8; 32]) -> Self {
        let hex = bits.iter().take(16).map(|byte| format!("{byte:02x}"));
        Self(hex.collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RequestKey {
    type Err = String;

    /// # Errors
    /// A sentence when it is none of ours.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
            true => Ok(Self(text.to_owned())),
            false => Err("the form is not one of ours; open the page again".to_owned()),
        }
    }
}

/// What the first request of a key made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// None when it changed something and made no credential.
    pub credential: Option<CredentialId>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_nothing_else_is_one() {
        let key = RequestKey::new([0xA5; 32]);
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        for bad in ["", "a5", &"A5".repeat(16), &"g".repeat(32), &"a".repeat(33)] {
            assert!(bad.parse::<RequestKey>().is_err(), "{bad}");
        }
    }
}
