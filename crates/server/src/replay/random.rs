//! The one place of replay and bench that draws random values.

use rand::Rng;

/// Sixteen random bytes: enough for one GUID or 32 hex digits.
#[expect(
    clippy::disallowed_methods,
    reason = "invented names of test resources; no secret and no stored id depends on them"
)]
pub(crate) fn sixteen_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
