//! What the overview says.

use domain::connection::{Connection as SsoConnection, Stage};
use domain::health::ConnectionState;

use crate::pages::provisioning::connection::Connection;

/// One sentence of meaning for the card. `title`: that of the banner on the page about the connection.
pub fn meaning(connection: &Connection, vendor: &str, title: &str) -> String {
    let idp = connection.idp.long;
    match connection.state() {
        ConnectionState::OffNever => {
            format!("Your identity provider could create, update and disable {vendor} accounts by itself.")
        }
        ConnectionState::Healthy | ConnectionState::Rotating => {
            format!("{} creates, updates and disables people and groups in {vendor} by itself.", start(idp))
        }
        _ => format!("{title}."),
    }
}

/// One sentence of meaning for the card about single sign-on. `furthest`: the connection that is furthest.
pub fn single_sign_on(furthest: Option<&SsoConnection>, vendor: &str) -> String {
    match furthest.map(|connection| (connection.stage(), &connection.name)) {
        None => format!("People could sign in to {vendor} with the account they have at work."),
        Some((Stage::Enforced, name)) => format!("People sign in by {name}, and admins have to as well."),
        Some((Stage::Active, name)) => format!("People sign in by {name}."),
        Some((Stage::Tested, name)) => format!("{name} passed its test and waits to be activated."),
        Some((Stage::TestFailed, name)) => format!("The test of {name} failed."),
        Some((Stage::Draft, name)) => format!("{name} is not tested yet."),
        Some((Stage::Disabled, name)) => format!("{name} is switched off."),
    }
}

fn start(text: &str) -> String {
    text.chars().take(1).flat_map(char::to_uppercase).chain(text.chars().skip(1)).collect()
}
