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

pub const FORGOT: &str = "Choose another password";
pub const CHECK_YOUR_MAIL: &str = "Check your mail";
pub const WELCOME: &str = "Choose your password";
pub const NEW_PASSWORD: &str = "Choose another password";
pub const SETUP: &str = "Open the settings";
pub const LINK_GONE: &str = "This link opens nothing any more";
pub const CHOOSE_AND_SIGN_IN: &str = "Set password and sign in";
pub const OPEN_SETTINGS: &str = "Open settings";

pub fn invited(tenant: &str, vendor: &str) -> String {
    format!("You are invited to the settings of {tenant} on {vendor}.")
}

pub fn resetting() -> String {
    "You are signed out everywhere else when it is set.".to_owned()
}

pub fn setting_up(tenant: &str, vendor: &str) -> String {
    format!("This link lets you connect {tenant} with {vendor}, without an account.")
}

/// A rule that a chosen password breaks, in its own words.
pub fn password_refused(why: &str) -> Refusal {
    Refusal { title: "The password was not set", message: super::sentence(why) }
}
