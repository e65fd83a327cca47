//! What somebody has entered on the page and not saved, or could not.

use domain::choices::{Retention, notify_addresses};
use domain::mail::MailAddress;
use domain::ops::SettingsChange;
use domain::provider::Provider;
use domain::tenant::{ProvisioningState, Tenant};

use crate::form::Form;
use crate::text::provisioning::errors;

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's id on the page.
    pub field: &'static str,
    pub message: String,
}

/// The fields of the page as they are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub is_on: bool,
    pub provider: Provider,
    pub retention: Retention,
    pub notify: String,
    /// The version of the settings that it was made from.
    pub seen: i64,
    pub errors: Vec<FieldError>,
}

impl Draft {
    /// As things are.
    pub fn of(tenant: &Tenant) -> Self {
        let preferences = &tenant.choices.preferences;
        let notify: Vec<&str> = preferences.notify.iter().map(MailAddress::as_str).collect();
        Self {
            is_on: tenant.provisioning != ProvisioningState::Off,
            provider: preferences.provider,
            retention: preferences.retention,
            notify: notify.join("\n"),
            seen: tenant.choices.version,
            errors: Vec::new(),
        }
    }

    /// As they were entered; what a form does not hold stays as it is.
    pub fn read(tenant: &Tenant, form: &Form) -> Self {
        let mut draft = Self::of(tenant);
        draft.seen = form.text("seen").parse().unwrap_or(draft.seen);
        if let Some(enabled) = form.given("enabled") {
            draft.is_on = enabled == "on";
        }
        if let Some(provider) = form.given("idp").and_then(Provider::named) {
            draft.provider = provider;
        }
        if let Some(days) = form.given("retention") {
            match days.parse() {
                Ok(retention) => draft.retention = retention,
                Err(_) => draft.fail("retention", errors::RETENTION),
            }
        }
        if form.is_ticked("notify") {
            form.exact("notify").clone_into(&mut draft.notify);
            if let Err(message) = notify_addresses(&draft.notify) {
                draft.fail("notify", &message);
            }
        }
        draft
    }

    fn fail(&mut self, field: &'static str, message: &str) {
        self.errors.push(FieldError { field, message: sentence(message) });
    }

    pub fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.as_str())
    }

    /// What is to be saved of what a form holds.
    pub fn change(&self, form: &Form) -> SettingsChange {
        SettingsChange {
            provider: form.given("idp").map(|_| self.provider),
            retention: form.given("retention").map(|_| self.retention),
            notify: form.is_ticked("notify").then(|| notify_addresses(&self.notify).unwrap_or_default()),
            ..SettingsChange::default()
        }
    }
}

/// A message of ours as a sentence of a page.
fn sentence(message: &str) -> String {
    let first = message.chars().take(1).flat_map(char::to_uppercase);
    let text: String = first.chain(message.chars().skip(1)).collect();
    if text.ends_with(['.', '?']) { text } else { format!("{text}.") }
}
