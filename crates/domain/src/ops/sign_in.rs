//! Signing in to the settings UI. (The nouns that the frame of pages is built on; the operations arrive with the accounts.)

use crate::Error;
use crate::admin::AdminCaller;
use crate::context::OpContext;
use crate::limit::Address;
use crate::tenant::{Tenant, TenantScope};
use crate::timestamp::Timestamp;

pub struct SignIn;
pub struct People;

#[derive(Clone)]
pub struct NewSession {
    pub cookie: String,
    pub expires: Timestamp,
}

pub enum SignInOutcome {
    In(NewSession),
    SecondStep(NewSession),
    Refused,
    Wait(u64),
}

pub struct PasswordAttempt {
    pub email: String,
    pub password: String,
    pub address: Address,
    pub client: Option<String>,
    pub device: Option<String>,
}

#[expect(clippy::unused_async, reason = "the operations arrive with the accounts")]
impl SignIn {
    pub async fn resume(&self, _: &TenantScope, _: &str, _: Timestamp) -> Result<Option<AdminCaller>, Error> {
        Ok(None)
    }

    pub async fn with_password(
        &self,
        _: Option<&Tenant>,
        _: PasswordAttempt,
        _: Timestamp,
    ) -> Result<SignInOutcome, Error> {
        Ok(SignInOutcome::Refused)
    }

    pub async fn second_step(
        &self,
        _: &OpContext,
        _: &AdminCaller,
        _: &str,
        _: Address,
    ) -> Result<SignInOutcome, Error> {
        Ok(SignInOutcome::Refused)
    }

    pub async fn sign_out(&self, _: &OpContext, _: &AdminCaller) -> Result<(), Error> {
        Ok(())
    }
}
