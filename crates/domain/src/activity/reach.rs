//! How far a request came, which is told once: whoever counts rows asks this, and neither status nor cause.

use crate::catalogue::Cause;

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// It was let in and answered on its own merits.
    Served,
    /// What was shown at the door opened nothing: 401.
    Refused,
    /// Another refusal of somebody who was not let in.
    Stranger,
    /// It met something that is not about it, and that everybody meets: a closed tenant, a limit, a database that is away.
    /// There may be any number of these, and none is a failure of the connection.
    ForAll,
}

impl Reach {
    /// How far a request came. `is_let_in`: its secret opened the door. Of one that was refused, with the status and cause.
    pub const fn of(is_let_in: bool, refusal: Option<(u16, Cause)>) -> Self {
        match refusal {
            Some((_, cause)) if is_for_all(cause) => Self::ForAll,
            _ if is_let_in => Self::Served,
            Some((401, _)) => Self::Refused,
            _ => Self::Stranger,
        }
    }
}

const fn is_for_all(cause: Cause) -> bool {
    let is_limit = matches!(cause, Cause::TenantTooFast | Cause::ClientTooFast | Cause::AddressFailsOften);
    cause.is_closure() || is_limit || matches!(cause, Cause::DatabaseAway)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_meets_is_told_from_what_a_request_is_refused_for() {
        let table = [
            (true, None, Reach::Served),
            (true, Some((409, Cause::UserNameTaken)), Reach::Served),
            (true, Some((503, Cause::Contention)), Reach::Served),
            (true, Some((503, Cause::ProvisioningPaused)), Reach::ForAll),
            (true, Some((429, Cause::TenantTooFast)), Reach::ForAll),
            (false, Some((503, Cause::DatabaseAway)), Reach::ForAll),
            (false, Some((401, Cause::TokenRevoked)), Reach::Refused),
            (false, Some((400, Cause::BadTokenRequest)), Reach::Stranger),
            (false, None, Reach::Stranger),
        ];
        for (is_let_in, refusal, reach) in table {
            assert_eq!(Reach::of(is_let_in, refusal), reach, "{refusal:?}");
        }
    }
}
