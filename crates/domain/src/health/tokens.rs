//! What of the tenant's secrets is good, is running out, and is being replaced.

use super::cadence::seconds_between;
use super::{Expiring, ExpiryNotice, Pulse, Rotation, Side, Slot};
use crate::credential::{Credential, CredentialKind, CredentialState};
use crate::ids::CredentialId;
use crate::timestamp::Timestamp;

const DAY: i64 = 86_400;

/// What replaces each other: the tenant's tokens, or the secrets of one client.
type Family = Option<CredentialId>;

/// The secrets that are good now.
pub(super) struct Slots {
    good: Vec<(Family, Slot)>,
}

impl Slots {
    pub fn of(credentials: &[Credential], pulse: Option<&Pulse>, now: Timestamp) -> Self {
        let mut good = Vec::new();
        for credential in credentials.iter().filter(|credential| credential.revoked.is_none()) {
            let family = (credential.kind != CredentialKind::Token).then_some(credential.id);
            for secret in credential.secrets.iter().filter(|secret| secret.state(now) == CredentialState::Live) {
                let slot = Slot {
                    credential: credential.id,
                    secret: secret.id,
                    is_of_client: family.is_some(),
                    label: credential.label.clone(),
                    last_four: secret.last_four.clone(),
                    created: secret.created,
                    expires: secret.expires,
                    last_used: None,
                };
                let last_used = last_used(credential, &slot, family, pulse);
                good.push((family, Slot { last_used, ..slot }));
            }
        }
        good.sort_by_key(|(_, slot)| slot.created);
        Self { good }
    }

    pub fn is_empty(&self) -> bool {
        self.good.is_empty()
    }

    /// When the first of them was made.
    pub fn since(&self) -> Option<Timestamp> {
        self.good.first().map(|(_, slot)| slot.created)
    }

    /// The two that replace each other and were made last.
    pub fn rotation(&self) -> Option<Rotation> {
        let (new, family) = self.good.iter().rev().find_map(|(family, slot)| {
            self.good.iter().any(|(other, old)| other == family && old.secret != slot.secret).then_some((slot, family))
        })?;
        let others = self.good.iter().rev().filter(|(other, slot)| other == family && slot.secret != new.secret);
        let old = others.map(|(_, slot)| slot).next()?;
        let used_last = match (old.last_used, new.last_used) {
            (None, None) => None,
            (old, new) if new > old => Some(Side::New),
            _ => Some(Side::Old),
        };
        Some(Rotation { old: old.clone(), new: new.clone(), used_last })
    }

    /// Those in use that end within 30 days, the first to end first.
    pub fn expiring(&self, now: Timestamp) -> Vec<Expiring> {
        let in_use = self.good.iter().filter(|(family, slot)| self.is_in_use(*family, slot)).map(|(_, slot)| slot);
        let ends = |slot: &Slot| {
            let at = slot.expires?;
            let notice = ExpiryNotice::of(seconds_between(now, at))?;
            Some(Expiring { slot: slot.clone(), at, notice })
        };
        let mut expiring: Vec<Expiring> = in_use.filter_map(ends).collect();
        expiring.sort_by_key(|expiring| expiring.at);
        expiring
    }

    /// Whether something would stop if it ended: it is used, and none that was made later is used since. Where none is used
    /// yet, the latest will be.
    fn is_in_use(&self, family: Family, slot: &Slot) -> bool {
        let relatives = || self.good.iter().filter(|(other, _)| *other == family).map(|(_, slot)| slot);
        let latest = relatives().next_back();
        if relatives().all(|slot| slot.last_used.is_none()) {
            return latest.is_some_and(|latest| latest.secret == slot.secret);
        }
        let replaces = |other: &Slot| other.created > slot.created && other.last_used > slot.last_used;
        slot.last_used.is_some() && !relatives().any(replaces)
    }
}

/// What the log has seen, or the note at the credential: of a client's secrets that one says only that one of them was used.
fn last_used(credential: &Credential, slot: &Slot, family: Family, pulse: Option<&Pulse>) -> Option<Timestamp> {
    let seen = pulse.into_iter().flat_map(|pulse| &pulse.credentials).filter(|seen| {
        let of_this_secret = match seen.secret {
            Some(secret) => secret == slot.secret,
            None => family.is_none() || credential.secrets.len() == 1,
        };
        seen.credential == slot.credential && of_this_secret
    });
    let noted = credential.last_used.as_ref().map(|last| last.at);
    let noted = noted.filter(|_| family.is_none() || credential.secrets.len() == 1);
    seen.map(|seen| seen.at).chain(noted).max()
}

impl ExpiryNotice {
    /// The nearest that a time ahead, in seconds, falls under.
    pub(super) fn of(seconds: i64) -> Option<Self> {
        match seconds {
            _ if seconds <= DAY => Some(Self::Day1),
            _ if seconds <= 7 * DAY => Some(Self::Days7),
            _ if seconds <= 30 * DAY => Some(Self::Days30),
            _ => None,
        }
    }

    /// Its days.
    pub const fn days(self) -> u8 {
        match self {
            Self::Days30 => 30,
            Self::Days7 => 7,
            Self::Day1 => 1,
        }
    }
}
