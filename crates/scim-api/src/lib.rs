//! The SCIM face of a tenant's directory: HTTP in, `domain` operations, SCIM out.
//!
//! Every handler takes a [`ScimCall`](call::ScimCall), which exists only for a caller whose credential opens the tenant of
//! the address.

mod activity;
mod auth;
mod call;
mod cursor;
mod error;
mod extract;
mod need;
mod oauth;
mod query;
mod respond;
mod routes;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use ::web::address::Addresses;
use ::web::limit::Limits as Budgets;
use ::web::measure::TenantLabels;
use actix_web::middleware::from_fn;
use actix_web::web;
use domain::admission::Admissions;
use domain::ops::{ActivityLog, Credentials, Provisioning};
use domain::ports::Clock;
use scim_protocol::discovery::Capabilities;

pub use cursor::Cursors;
pub use error::ScimError;
pub use oauth::{OAuthError, TOKEN_ENDPOINT};
pub use routes::{ROUTES, ScimRoute, nowhere, routes};

/// What the SCIM face works with.
pub struct ScimApi {
    pub admissions: Arc<Admissions>,
    pub provisioning: Provisioning,
    pub credentials: Arc<Credentials>,
    pub activity: Arc<ActivityLog>,
    pub clock: Arc<dyn Clock>,
    pub addresses: Addresses,
    /// Which tenants are told apart where requests are counted.
    pub labels: Arc<TenantLabels>,
    /// What tenants and strangers may spend.
    pub budgets: Arc<Budgets>,
    pub limits: Limits,
    pub cursors: Cursors,
}

/// How much a request may bring and an answer may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of the body of a write to `/Groups`, which may carry thousands of members.
    pub group_body: usize,
    /// How long a body may take to arrive.
    pub body_time: Duration,
    pub capabilities: Capabilities,
}

/// Adds the SCIM face under both forms of address.
pub fn configure(config: &mut web::ServiceConfig, api: &web::Data<ScimApi>) {
    config.app_data(api.clone());
    config.service(web::scope("/t/{tenant}/scim/v2").configure(routes).wrap(from_fn(activity::record)));
    config.configure(|config| oauth::routes(config, "/t/{tenant}"));
    if api.addresses.has_hosts() {
        config.service(web::scope("/scim/v2").configure(routes).wrap(from_fn(activity::record)));
        config.configure(|config| oauth::routes(config, ""));
    }
}
