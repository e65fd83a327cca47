//! What the pages for signing in say.

use crate::pages::sign_in::Refusal;
use crate::when::Span;

pub const SIGN_IN: &str = "Sign in";
pub const SECOND_STEP: &str = "Second step";
pub const SIGNED_IN_AGAIN: &str = "Signed in again";

/// Email and password are told wrong together, so that nobody learns which accounts there are.
pub fn refused() -> Refusal {
    let message = "Check both and try again. After some wrong tries from your network, we ask you to wait.";
    Refusal { title: "Email or password is wrong", message: message.to_owned() }
}

pub fn code_refused() -> Refusal {
    let message = "Wait for the next code in your app, or use a recovery code that you have not used yet.";
    Refusal { title: "The code is wrong or was used already", message: message.to_owned() }
}

pub fn wait(seconds: u64) -> Refusal {
    let span = Span(i64::try_from(seconds).unwrap_or(i64::MAX));
    let message = format!(
        "There were too many wrong tries from your network. Wait {span}, then try again. Nobody is locked out."
    );
    Refusal { title: "Too many tries", message }
}
