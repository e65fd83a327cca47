//! Mails: what is sent to people, one at a time, as plain text.

pub mod address;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::address::MailAddress;
use crate::ids::MailId;
use crate::keys::{KeyRing, Sealed};
use crate::store::StoreError;
use crate::timestamp::Timestamp;

/// The most characters of a mail's text.
const LONGEST: usize = 20_000;

/// A mail to one person. Its text can hold links that open something, so that it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub to: MailAddress,
    /// One line.
    subject: String,
    text: String,
    /// From then on it is of no use to anybody; none when it always is.
    until: Option<Timestamp>,
}

impl Mail {
    /// Takes a subject, of which line breaks become spaces, and a text, which is cut after 20,000 characters.
    pub fn new(to: MailAddress, subject: &str, text: &str) -> Self {
        let subject: String =
            subject.chars().map(|each| if each.is_control() { ' ' } else { each }).take(200).collect();
        let text =
            text.chars().filter(|each| !each.is_control() || matches!(each, '\n' | '\t')).take(LONGEST).collect();
        Self { to, subject: subject.trim().to_owned(), text, until: None }
    }

    /// The same, to be sent before that moment or not at all.
    #[must_use]
    pub fn until(self, moment: Timestamp) -> Self {
        Self { until: Some(moment), ..self }
    }

    /// Whether it is still of use.
    pub fn is_of_use(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }

    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// How a mail is written before it is sealed.
#[derive(Serialize, Deserialize)]
struct Content<'m> {
    to: std::borrow::Cow<'m, str>,
    subject: std::borrow::Cow<'m, str>,
    text: std::borrow::Cow<'m, str>,
    until_us: Option<i64>,
}

/// A mail in the outbox: sealed, since it can hold links that open something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    pub id: MailId,
    pub sealed: Sealed,
    pub queued: Timestamp,
}

impl QueuedMail {
    /// Seals a mail under the current key.
    ///
    /// # Errors
    /// [`StoreError::Internal`] when the machine gives no random numbers.
    pub fn seal(mail: &Mail, id: MailId, ring: &KeyRing, now: Timestamp) -> Result<Self, StoreError> {
        let content = Content {
            to: mail.to.as_str().into(),
            subject: mail.subject().into(),
            text: mail.text().into(),
            until_us: mail.until.map(Timestamp::as_micros),
        };
        let content = serde_json::to_vec(&content).map_err(|error| StoreError::Internal(error.to_string()))?;
        let sealed = ring.seal(&content, &about(id)).map_err(StoreError::Internal)?;
        Ok(Self { id, sealed, queued: now })
    }

    /// What was sealed; none when its key is lost or it was changed.
    pub fn open(&self, ring: &KeyRing) -> Option<Mail> {
        let content = ring.open(&self.sealed, &about(self.id))?;
        let content: Content<'_> = serde_json::from_slice(&content).ok()?;
        let mail = Mail::new(content.to.parse().ok()?, &content.subject, &content.text);
        Some(Mail { until: content.until_us.map(Timestamp::from_micros), ..mail })
    }
}

fn about(id: MailId) -> String {
    format!("mail {id}")
}

/// Why a mail was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The server of mails is away or wants to be asked later; says what it answered.
    #[error("{0}")]
    Later(String),
    /// It will never take this mail.
    #[error("{0}")]
    Never(String),
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn address(text: &str) -> MailAddress {
        text.parse().unwrap()
    }

    #[test]
    fn a_subject_is_one_line_and_a_text_has_no_control_characters() {
        let mail = Mail::new(address("ana@acme.example"), "Acme\r\nBcc: eve@evil.example\u{0}", "Hello\r\n\u{7}Ana\n");
        assert_eq!((mail.subject(), mail.text()), ("Acme  Bcc: eve@evil.example", "Hello\nAna\n"));
    }

    #[test]
    fn a_mail_is_sealed_for_its_own_place_and_not_printed() {
        let ring = KeyRing::new("k1".parse().unwrap(), [1; 32]);
        let mail = Mail::new(address("ana@acme.example"), "Invitation", "https://secret.example/once");
        let queued = QueuedMail::seal(&mail, MailId(Uuid::from_u128(1)), &ring, Timestamp::from_micros(1)).unwrap();
        assert_eq!(queued.open(&ring), Some(mail.clone()));
        let short = mail.clone().until(Timestamp::from_micros(9));
        let sealed = QueuedMail::seal(&short, MailId(Uuid::from_u128(3)), &ring, Timestamp::from_micros(1)).unwrap();
        assert_eq!(sealed.open(&ring), Some(short.clone()));
        assert_eq!([8, 9].map(|now| short.is_of_use(Timestamp::from_micros(now))), [true, false]);
        assert_eq!(QueuedMail { id: MailId(Uuid::from_u128(2)), ..queued.clone() }.open(&ring), None);
        assert_eq!(queued.open(&KeyRing::new("k1".parse().unwrap(), [2; 32])), None);
        assert!(!queued.sealed.0.windows(6).any(|part| part == b"secret"));
        assert!(!format!("{mail:?}{queued:?}").contains("secret"));
    }
}
