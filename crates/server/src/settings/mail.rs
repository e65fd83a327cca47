//! `[mail]`: how people are written to.

use std::path::PathBuf;

use domain::mail::MailAddress;
use outbound::{Sender, SmtpServer, StartTls};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};
use super::{Layers, SettingsError};

/// How people are written to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSettings {
    /// The server that takes mails; a secret because it may hold a password.
    pub smtp_url: Option<SecretString>,
    /// Whether a connection that begins in clear has to turn to TLS.
    #[serde(default)]
    pub starttls: WantedStartTls,
    /// Whose certificates are trusted.
    pub ca_file: Option<PathBuf>,
    /// Whom mails are from.
    pub from: Option<String>,
    /// What people read in its place.
    pub from_name: Option<String>,
}

/// `mail.starttls`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WantedStartTls {
    #[default]
    Required,
    Never,
}

impl From<WantedStartTls> for StartTls {
    fn from(wanted: WantedStartTls) -> Self {
        match wanted {
            WantedStartTls::Required => Self::Required,
            WantedStartTls::Never => Self::Never,
        }
    }
}

impl MailSettings {
    /// The server and whom mails are from, where a server is set. `product`: what mails are called to be from when nothing
    /// else is said.
    ///
    /// # Errors
    /// One sentence: what is wrong with the server or its certificates.
    pub fn server(&self, product: &str) -> anyhow::Result<Option<(SmtpServer, Sender)>> {
        let (Some(url), Some(from)) = (&self.smtp_url, &self.from) else { return Ok(None) };
        let mut server = SmtpServer::parse(url.expose_secret(), self.starttls.into())?;
        if let Some(file) = &self.ca_file {
            server = server.with_ca_file(file)?;
        }
        let address: MailAddress = from.parse().map_err(anyhow::Error::msg)?;
        let name = self.from_name.as_deref().unwrap_or(product).to_owned();
        Ok(Some((server, Sender { address, name: Some(name) })))
    }

    /// Checks the keys against each other.
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        let Some(url) = &self.smtp_url else {
            return match self.ca_file {
                Some(_) => {
                    Err(layers
                        .misfit("mail.ca_file", "it to be left out, because there is no mail.smtp_url".to_owned()))
                }
                None => Ok(()),
            };
        };
        if self.from.is_none() {
            return Err(layers.misfit("mail.from", "an e-mail address, because mail.smtp_url is set".to_owned()));
        }
        if SmtpServer::parse(url.expose_secret(), self.starttls.into()).is_err() {
            let expected = "required, because mail.smtp_url has a password, which does not go over a network in clear";
            return Err(layers.misfit("mail.starttls", expected.to_owned()));
        }
        let is_clear = self.starttls == WantedStartTls::Never && url.expose_secret().starts_with("smtp:");
        match self.ca_file.is_some() && is_clear {
            true => Err(layers.misfit("mail.ca_file", "it to be left out, because mail.starttls is never".to_owned())),
            false => Ok(()),
        }
    }
}

pub(super) const SECTION: Section = Section {
    name: "mail",
    meaning: "How people are written to: invitations, new passwords, and notices about connections. Without a server the embedded \
              home (SQLite) writes each mail into the log, with the links it holds, for there whoever reads the log runs the \
              installation. On PostgreSQL the log says only that a mail waits; it is sent when a server is set within three days.",
    keys: &[
        Key {
            name: "mail.smtp_url",
            kind: Kind::Text {
                expected: "smtp://HOST…, or smtps://HOST… (TLS from the start), a user with its password",
                accepts: |text| SmtpServer::parse(text, StartTls::Required).is_ok(),
            },
            fallback: Fallback::Nothing("mails are not sent"),
            meaning: "The server that takes mails: `smtp://[USER:PASSWORD@]HOST[:587]` turns to TLS as `mail.starttls` says, \
                      `smtps://[USER:PASSWORD@]HOST[:465]` speaks TLS from the start. User and password are percent-encoded.",
            secret: true,
        },
        Key {
            name: "mail.starttls",
            kind: Kind::OneOf(&["required", "never"]),
            fallback: Fallback::Value("required"),
            meaning: "With `required` a server of `smtp://` that does not offer TLS gets no mail. With `never` mails go in clear, and \
                      without a password: for a relay on the same machine.",
            secret: false,
        },
        Key {
            name: "mail.ca_file",
            kind: Kind::Text { expected: "the name of a file", accepts: |text| !text.is_empty() },
            fallback: Fallback::Nothing("Mozilla's roots"),
            meaning: "A PEM file with the certificates that are trusted, and no others.",
            secret: false,
        },
        Key {
            name: "mail.from",
            kind: Kind::Text {
                expected: "an e-mail address such as no-reply@example.com",
                accepts: |text| text.parse::<MailAddress>().is_ok(),
            },
            fallback: Fallback::Nothing("needed with `mail.smtp_url`"),
            meaning: "Whom mails are from. The server has to be allowed to send for this address (SPF, DKIM).",
            secret: false,
        },
        Key {
            name: "mail.from_name",
            kind: Kind::Text {
                expected: "a name of at most 100 characters",
                accepts: |text| text.chars().count() <= 100 && !text.chars().any(char::is_control),
            },
            fallback: Fallback::Derived("`branding.name`"),
            meaning: "The name beside that address.",
            secret: false,
        },
    ],
};
