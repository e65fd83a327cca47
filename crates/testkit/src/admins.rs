//! Admins of tenants in a [`World`]: accounts, sessions and what is typed to get in.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "builders are for what has to succeed"
)]

use domain::admin::link::MadeLink;
use domain::admin::second_step::{RecoveryCode, TotpSecret};
use domain::admin::session::NewSession;
use domain::admin::{Admin, AdminCaller, AdminRole};
use domain::context::{Actor, OpContext};
use domain::limit::Address;
use domain::ops::{LinkOutcome, LinkUse, NewAdmin, Outcome, PasswordAttempt, Visitor};
use domain::ports::Clock as _;
use domain::tenant::Tenant;
use scim_protocol::secret::Secret;

use crate::World;

/// The password of every account that is made here.
pub const PASSWORD: &str = "four words in a row";

/// Where every tenant signs in.
pub const SIGN_IN: &str = "https://rollcall.example/sign-in";

/// Somebody at this address, with a browser that is not known.
pub fn visitor(address: &str) -> Visitor {
    Visitor {
        address: Address::of(address.parse().expect("an IP address")),
        client: Some("Mozilla/5.0".to_owned()),
        device: None,
        request_id: "test-request".to_owned(),
    }
}

/// What a password was typed for.
pub fn attempt(email: &str, password: &str, visitor: Visitor) -> PasswordAttempt {
    PasswordAttempt { email: email.to_owned(), password: Secret::new(password.to_owned()), visitor }
}

impl World {
    /// A new account that can sign in with [`PASSWORD`].
    pub async fn admin(&self, tenant: &Tenant, email: &str, role: AdminRole) -> Admin {
        let new = NewAdmin { email: email.parse().expect("an e-mail address"), name: String::new(), role };
        let password = Secret::new(PASSWORD.to_owned());
        self.people.create(&self.operator(tenant), tenant, new, &password).await.expect("a new account")
    }

    /// A new account without a password, and its invitation.
    pub async fn invited(&self, tenant: &Tenant, email: &str, role: AdminRole) -> (Admin, MadeLink) {
        let new = NewAdmin { email: email.parse().expect("an e-mail address"), name: String::new(), role };
        let invited = self.people.invite(&self.operator(tenant), tenant, new, SIGN_IN).await.expect("an invitation");
        (invited.admin, invited.link)
    }

    /// Gives a tenant an owner with a session, a second step and recovery codes, and somebody who is invited.
    pub async fn with_owner(&self, tenant: &Tenant) -> AdminCaller {
        self.admin(tenant, "owner@acme.example", AdminRole::Owner).await;
        let (_, caller) = self.signed_in(tenant, "owner@acme.example").await;
        self.second_step(tenant, &caller).await;
        self.invited(tenant, "invited@acme.example", AdminRole::Admin).await;
        caller
    }

    /// The vendor's staff at work in a tenant, now.
    pub fn operator(&self, tenant: &Tenant) -> OpContext {
        OpContext { actor: Actor::Operator, ..self.cx(tenant) }
    }

    /// The caller at work in their tenant, now.
    pub fn as_caller(&self, tenant: &Tenant, caller: &AdminCaller) -> OpContext {
        OpContext { actor: caller.actor(), ..self.cx(tenant) }
    }

    /// Tries a password at an address of its own.
    pub async fn try_password(&self, tenant: &Tenant, email: &str, password: &str) -> Outcome {
        let attempt = attempt(email, password, visitor("192.0.2.1"));
        self.sign_in.with_password(tenant, attempt, self.clock.now()).await.expect("an answer")
    }

    /// Signs in with [`PASSWORD`]; the second step must not be on.
    pub async fn signed_in(&self, tenant: &Tenant, email: &str) -> (NewSession, AdminCaller) {
        let session = match self.try_password(tenant, email, PASSWORD).await {
            Outcome::In(session) => session,
            other => panic!("{email} is not let in: {other:?}"),
        };
        let caller = self.caller(tenant, &session).await.expect("a session that has just begun");
        (session, caller)
    }

    /// Who comes with the cookie of a session.
    pub async fn caller(&self, tenant: &Tenant, session: &NewSession) -> Option<AdminCaller> {
        self.sign_in.resume(&tenant.scope(), &session.cookie, self.clock.now()).await.expect("an answer")
    }

    /// Uses a link, with this password or none.
    pub async fn use_link(
        &self,
        tenant: &Tenant,
        text: &str,
        password: Option<&str>,
    ) -> Result<LinkOutcome, domain::Error> {
        let password = password.map(|password| Secret::new(password.to_owned()));
        let using = LinkUse { text: text.to_owned(), password, visitor: visitor("192.0.2.1") };
        self.sign_in.use_link(tenant, using, self.clock.now()).await
    }

    /// Switches the caller's second step on.
    pub async fn second_step(&self, tenant: &Tenant, caller: &AdminCaller) -> (TotpSecret, Vec<RecoveryCode>) {
        let cx = self.as_caller(tenant, caller);
        let enrolment = self
            .people
            .begin_second_step(&cx, tenant, caller, &Secret::new(PASSWORD.to_owned()), "Rollcall")
            .await
            .expect("a secret");
        let code = self.code(&enrolment.secret);
        let codes = self.people.confirm_second_step(&cx, caller, &code).await.expect("recovery codes");
        (enrolment.secret, codes)
    }

    /// What an app shows now.
    pub fn code(&self, secret: &TotpSecret) -> String {
        secret.current_code(self.clock.now())
    }
}
