//! What the overview says.

use domain::health::ConnectionState;

use crate::pages::provisioning::connection::Connection;

/// What the card about single sign-on says where there is no connection.
pub fn no_single_sign_on(vendor: &str) -> String {
    format!("People could sign in to {vendor} with the account they have at work.")
}

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

fn start(text: &str) -> String {
    text.chars().take(1).flat_map(char::to_uppercase).chain(text.chars().skip(1)).collect()
}
