//! What has to be there before single sign-on can be required.

use domain::admin::{Admin, Right};
use domain::connection::{Connection, Switch};

use super::{SETTINGS, href};
use crate::call::AdminCall;
use crate::error::PageError;
use crate::parts::{Icon, Tone, Word};
use crate::text::sign_on as words;

/// A condition, whether it is met, and where it is mended.
pub struct Condition {
    pub is_met: bool,
    pub state: Word,
    pub what: &'static str,
    pub step: Option<Step>,
}

/// A link that mends something.
pub struct Step {
    pub href: String,
    pub word: &'static str,
    /// Whether it leads out of the settings, so that it opens beside them.
    pub is_outside: bool,
}

/// The conditions in the order they are met in; none where nothing is to be required.
///
/// # Errors
/// Those of the store.
pub async fn conditions(call: &AdminCall, connection: &Connection) -> Result<Vec<Condition>, PageError> {
    if connection.switch != Switch::Active || !call.may(Right::Configure) {
        return Ok(Vec::new());
    }
    let admins = call.admin.people.list(&call.cx.scope).await?;
    let has_keeper = admins.iter().any(|admin| admin.is_active_owner() && admin.is_break_glass);
    // Whoever came by a setup link is shown nothing about accounts.
    let owners = call.may(Right::SeePeople).then(|| call.href(&format!("{SETTINGS}#break-glass")));
    let to_owners = |href: String| Step { href, word: words::BREAK_GLASS_OWNERS, is_outside: false };
    let test = Step { href: format!("{}/test", href(call, connection.id)), word: words::TEST_NOW, is_outside: true };
    Ok(vec![
        condition(connection.is_freshly_tested(call.cx.now), words::IS_TESTED, Some(test)),
        condition(has_keeper, words::HAS_BREAK_GLASS, owners.clone().map(to_owners)),
        condition(admins.iter().any(Admin::can_break_glass), words::HAS_SIGNED_IN, owners.map(to_owners)),
    ])
}

fn condition(is_met: bool, what: &'static str, step: Option<Step>) -> Condition {
    let state = match is_met {
        true => Word::new(Tone::Ok, Icon::Ok, words::MET),
        false => Word::new(Tone::Bad, Icon::Bad, words::NOT_MET),
    };
    Condition { is_met, state, what, step: step.filter(|_| !is_met) }
}
