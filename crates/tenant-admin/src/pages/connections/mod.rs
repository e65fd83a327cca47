//! Single sign-on in the settings: the list of connections, each one's page, tests, the log and our own keys.

pub mod account;
pub mod admin_sign_in;
pub mod edit;
pub mod enforcement;
pub mod keys;
pub mod list;
pub mod log;
pub mod one;
pub mod recent;
pub mod removal;
pub mod standing;
pub mod status;
pub mod switch;
pub mod test;

use domain::Error;
use domain::admin::Right;
use domain::connection::attempt::Attempt;
use domain::connection::{Connection, Setup, Switch};
use domain::ids::ConnectionId;
use uuid::Uuid;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::pages::sign_in::Refusal;
use crate::text;
use crate::who;

use self::standing::Standing;

pub use crate::pages::sso::SETTINGS;

const HOUR: i64 = 3_600;

/// The connection of the address.
///
/// # Errors
/// [`PageError::NotFound`].
pub async fn asked(call: &AdminCall) -> Result<Connection, PageError> {
    Ok(call.admin.connections.find(&call.cx.scope, asked_id(call)?).await?)
}

pub fn asked_id(call: &AdminCall) -> Result<ConnectionId, PageError> {
    Uuid::try_parse(call.segment("id")).map(ConnectionId).map_err(|_| PageError::NotFound)
}

pub fn href(call: &AdminCall, id: ConnectionId) -> String {
    call.href(&format!("{SETTINGS}/{id}"))
}

/// How a connection is now.
///
/// # Errors
/// Those of the store.
pub async fn standing(
    call: &AdminCall,
    connection: &Connection,
    open_tests: &[Attempt],
) -> Result<Standing, PageError> {
    let now = call.cx.now;
    let counts = call.admin.connections.counts(&call.cx.scope, connection.id, now.plus_seconds(-HOUR)).await?;
    Ok(Standing::of(connection, counts.refused, open_tests, now))
}

/// The tests that were begun and have not come back.
///
/// # Errors
/// Those of the store.
pub async fn open_tests(call: &AdminCall) -> Result<Vec<Attempt>, PageError> {
    Ok(call.admin.connections.open_tests(&call.cx.scope, call.cx.now).await?)
}

/// Whether somebody who may configure may do this too: ending enforcement is an owner's.
pub fn may_switch(call: &AdminCall, connection: &Connection) -> bool {
    match connection.switch {
        Switch::Enforced => call.may(Right::ManageOwners),
        Switch::Off | Switch::Active => call.may(Right::Configure),
    }
}

/// Why something was not done; what is no matter of the form goes on as an error.
///
/// # Errors
/// Whatever else went wrong.
pub fn refusal(error: Error, title: &'static str) -> Result<Refusal, PageError> {
    match error {
        Error::NotAllowed(why) => Ok(Refusal { title, message: text::sentence(&plain(&why)) }),
        Error::Outdated(mark) => Ok(Refusal { title, message: who::changed_meanwhile(mark.as_ref()) }),
        other => Err(other.into()),
    }
}

/// What the machine adds to a message, such as "(os error 111)", tells an admin nothing.
pub fn plain(message: &str) -> String {
    let Some((before, rest)) = message.split_once(" (os error ") else { return message.to_owned() };
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    format!("{before}{after}")
}

/// Who the identity provider is, in a word or two.
pub fn provider(connection: &Connection) -> String {
    match &connection.setup {
        Setup::Saml(saml) => saml.found.as_ref().map(|found| found.entity_id.clone()).unwrap_or_default(),
        Setup::Oidc(oidc) => oidc.issuer.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn numbers_of_the_machine_are_left_out_of_messages() {
        assert_eq!(
            plain("it cannot be reached: Connection refused (os error 111)"),
            "it cannot be reached: Connection refused"
        );
        assert_eq!(plain("a (os error 7), b"), "a, b");
        assert_eq!(plain("it did not answer within 5 seconds"), "it did not answer within 5 seconds");
    }
}
