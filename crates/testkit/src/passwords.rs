//! Digests that cost nothing.

use std::hash::{DefaultHasher, Hash, Hasher};

use async_trait::async_trait;
use domain::Error;
use domain::ids::TenantId;
use domain::ports::{Asker, Checked, Passwords};
use scim_protocol::secret::Secret;

/// The same digest for the same password, which no test may rely on being hard to undo.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestPasswords;

#[async_trait]
impl Passwords for TestPasswords {
    async fn digest(&self, _: TenantId, password: &Secret) -> Result<String, Error> {
        let mut hasher = DefaultHasher::new();
        password.reveal().hash(&mut hasher);
        Ok(format!("$test${:016x}", hasher.finish()))
    }

    async fn verify(
        &self,
        tenant: TenantId,
        _: Asker,
        password: &Secret,
        digest: Option<&Secret>,
    ) -> Result<Checked, Error> {
        let made = self.digest(tenant, password).await?;
        let is_right = digest.is_some_and(|digest| digest.reveal() == made);
        Ok(if is_right { Checked::Right } else { Checked::Wrong })
    }
}
