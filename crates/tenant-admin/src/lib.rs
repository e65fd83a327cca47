//! The settings face: pages on which a tenant's admins connect their identity provider and see how it goes.
//!
//! Every handler takes an [`AdminCall`](call::AdminCall) or, where something is sent, a [`Submission`](call::Submission) or
//! an [`Upload`](upload::Upload); they exist only for a caller whose session may do what the route of [`ROUTES`] asks for. A page is a view struct and a
//! compiled template; it works without script.

mod assets;
mod branding;
mod call;
mod cookie;
mod error;
mod export;
mod form;
mod frame;
mod gate;
mod headers;
mod lists;
mod moment;
mod names;
mod pages;
mod parts;
mod person_call;
mod prose;
mod qr;
mod routes;
mod text;
mod upload;
mod when;
mod who;

use std::sync::Arc;

use ::web::address::Addresses;
use ::web::limit::Limits;
use ::web::measure::TenantLabels;
use actix_web::middleware::from_fn;
use actix_web::web;
use domain::admission::Admissions;
use domain::ops::{
    ActivityLog, Audit, Connections, Credentials, Directory, Doctor, Domains, Jobs, People, Roles, Settings, SignIn,
    SingleSignOn,
};
use domain::ports::{Clock, SecretGen};

pub use branding::{Branding, Colour, Logo};
pub use routes::{Access, AdminRoute, ROUTES};
pub use text::sign_in_errors::page as sign_in_errors_page;

/// What the settings face works with.
pub struct TenantAdmin {
    pub admissions: Arc<Admissions>,
    pub sign_in: Arc<SignIn>,
    pub people: Arc<People>,
    /// By which rules people get their roles in the vendor's product.
    pub roles: Arc<Roles>,
    pub settings: Arc<Settings>,
    pub credentials: Arc<Credentials>,
    pub jobs: Arc<Jobs>,
    pub activity: Arc<ActivityLog>,
    pub directory: Arc<Directory>,
    pub audit: Arc<Audit>,
    pub connections: Arc<Connections>,
    pub single_sign_on: Arc<SingleSignOn>,
    pub doctor: Doctor,
    pub domains: Arc<Domains>,
    pub clock: Arc<dyn Clock>,
    pub secrets: Arc<dyn SecretGen>,
    pub addresses: Addresses,
    /// Which tenants are told apart where sign-ins are counted.
    pub labels: Arc<TenantLabels>,
    /// What strangers may try.
    pub budgets: Arc<Limits>,
    pub branding: Branding,
}

/// Adds the settings face under both forms of address, and the assets of its pages.
pub fn configure(config: &mut web::ServiceConfig, admin: &web::Data<TenantAdmin>) {
    config.app_data(admin.clone());
    config.service(web::scope("/assets").wrap(from_fn(headers::nosniff)).configure(assets::routes));
    config.configure(|config| routes::register(config, "/t/{tenant}"));
    config.configure(pages::home::register);
    if admin.addresses.has_hosts() {
        config.configure(|config| routes::register(config, ""));
    }
}
