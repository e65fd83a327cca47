//! What an operator can decide: built-in defaults, then a file, then the environment.
//!
//! Each section has a file of its own that holds its struct, its rows of the reference table ([`Key`]) and its
//! checks. To add a key: add the field, add the row beside it, and regenerate `docs/reference/configuration.md`
//! (the page says how); tests fail when the three differ.

mod branding;
mod database;
mod derived;
mod dns;
mod environment;
mod error;
mod file;
mod given;
mod http;
mod keys;
mod layers;
mod limits;
mod mail;
mod metrics;
mod names;
mod redis;
mod reference;
mod retention;
mod roles;
mod scim;
mod sso;
mod suggest;
mod table;
mod telemetry;
mod tenancy;
mod top;

#[cfg(test)]
mod tests;

pub use branding::BrandingSettings;
pub use database::{DatabaseSettings, DatabaseTarget};
pub use derived::root_at;
pub use dns::DnsSettings;
pub use error::{Origin, SettingsError};
pub use http::HttpSettings;
pub use keys::KeySettings;
pub use layers::{Layers, Shown};
pub use limits::LimitSettings;
pub use mail::{MailSettings, WantedStartTls};
pub use metrics::MetricsSettings;
pub use redis::RedisSettings;
pub use reference::page as reference_page;
pub use retention::RetentionSettings;
pub use roles::RoleSettings;
pub use scim::ScimSettings;
pub use sso::SsoSettings;
pub use table::{Fallback, Key, Kind, SECTIONS, Section, all_keys};
pub use telemetry::{LogFormat, TelemetrySettings};
pub use tenancy::TenancySettings;
pub use top::Settings;
