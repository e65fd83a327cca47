//! Why somebody was not let in, for the tenant's admin. Nothing here is on a caller's way.

use super::ActivityLog;
use crate::activity::{AccessText, CredentialRef, Shown};
use crate::admission::Admission;
use crate::catalogue::Cause;
use crate::credential::{BearerToken, Credential, CredentialKind, CredentialState, StoredSecret};
use crate::ids::CredentialId;
use crate::keys::KeyRing;
use crate::ops::PresentedClient;
use crate::store::StoreError;
use crate::timestamp::Timestamp;

/// A cause, and whose credential it is about when it is one of the tenant's.
pub type Diagnosis = (Cause, Option<CredentialRef>);

impl ActivityLog {
    /// What was wrong with what was shown at a tenant's door, as far as it can be found out now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn diagnose(
        &self,
        admission: &Admission,
        shown: &Shown,
        now: Timestamp,
    ) -> Result<Diagnosis, StoreError> {
        let ring = self.credentials.ring();
        match shown {
            Shown::Nothing(cause) => Ok((*cause, None)),
            Shown::Token(token) => self.of_token(admission, token, &ring, now).await,
            Shown::Access(AccessText(text)) => Ok(self.of_access(admission, text, now)),
            Shown::Client(client) => self.of_client(admission, client, &ring, now).await,
        }
    }

    async fn of_token(
        &self,
        admission: &Admission,
        token: &BearerToken,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<Diagnosis, StoreError> {
        let own = find(admission, token.id).and_then(|one| one.knows_token(token, ring).map(|secret| (one, secret)));
        if let Some((credential, secret)) = own {
            let cause = match state(credential, secret, now) {
                CredentialState::Revoked => Cause::TokenRevoked,
                CredentialState::Expired => Cause::TokenExpired,
                // It was made a moment after it was refused.
                CredentialState::Live => Cause::NotLetIn,
            };
            return Ok((cause, Some(named(credential))));
        }
        let other = self.store.work().find_credential(token.id).await?;
        let is_others = other.is_some_and(|one| one.knows_token(token, ring).is_some());
        Ok((if is_others { Cause::TokenOtherTenants } else { Cause::TokenUnknown }, None))
    }

    fn of_access(&self, admission: &Admission, text: &str, now: Timestamp) -> Diagnosis {
        let Some(grant) = self.credentials.access().says(text) else {
            let is_entras = issuer(text).is_some_and(|issuer| issuer.starts_with("https://sts.windows.net/"));
            return (if is_entras { Cause::EntraOwnToken } else { Cause::AccessTokenUnknown }, None);
        };
        if grant.tenant != admission.tenant.id {
            return (Cause::TokenOtherTenants, None);
        }
        let client = find(admission, grant.client);
        let is_good = client.is_some_and(|one| one.live_or_expired_secret(grant.secret).is_some());
        let cause = match is_good {
            false => Cause::AccessTokenRevoked,
            true if grant.expires <= now => Cause::AccessTokenExpired,
            true => Cause::NotLetIn,
        };
        (cause, client.map(named))
    }

    async fn of_client(
        &self,
        admission: &Admission,
        client: &PresentedClient,
        ring: &KeyRing,
        now: Timestamp,
    ) -> Result<Diagnosis, StoreError> {
        let Some(own) = find(admission, client.id).filter(|one| one.kind != CredentialKind::Token) else {
            let other = self.store.work().find_credential(client.id).await?;
            let is_others = other.is_some_and(|one| one.knows_client(&client.secret, ring).is_some());
            return Ok((if is_others { Cause::ClientOtherTenants } else { Cause::ClientUnknown }, None));
        };
        let cause = match own.knows_client(&client.secret, ring).map(|secret| state(own, secret, now)) {
            _ if own.revoked.is_some() => Cause::ClientRevoked,
            None => Cause::ClientSecretWrong,
            Some(CredentialState::Revoked) => Cause::ClientSecretRevoked,
            Some(CredentialState::Expired) => Cause::ClientSecretExpired,
            Some(CredentialState::Live) => Cause::NotLetIn,
        };
        Ok((cause, Some(named(own))))
    }
}

fn find(admission: &Admission, id: CredentialId) -> Option<&Credential> {
    admission.credentials.iter().find(|one| one.id == id)
}

fn state(credential: &Credential, secret: &StoredSecret, now: Timestamp) -> CredentialState {
    if credential.revoked.is_some() { CredentialState::Revoked } else { secret.state(now) }
}

fn named(credential: &Credential) -> CredentialRef {
    CredentialRef { id: credential.id, label: credential.label.clone() }
}

/// Who says to have made a token that is not one of ours; nothing of it is believed.
fn issuer(text: &str) -> Option<String> {
    use base64::Engine as _;
    let claims = text.split('.').nth(1)?;
    let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("iss")?.as_str()?.to_owned())
}
