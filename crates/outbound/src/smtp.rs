//! Mails by SMTP.

use std::time::Duration;

use async_trait::async_trait;
use domain::ids::MailId;
use domain::mail::{Mail, MailAddress, MailError};
use domain::ports::Mailer;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use url::Host;

use crate::smtp_server::{BadSmtpServer, SmtpServer};

/// Each answer of the server is waited for so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// And a mail as a whole.
const WHOLE: Duration = Duration::from_mins(1);

/// Who mails are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    pub address: MailAddress,
    /// What people read in its place.
    pub name: Option<String>,
}

/// Sends mails through one server, each over a connection of its own: they are few.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// The domain of message ids.
    domain: String,
}

/// Says to those who answer by themselves that this is no letter (RFC 3834 §5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl SmtpMailer {
    /// Takes the server and whom mails are from.
    ///
    /// # Errors
    /// [`BadSmtpServer`] when TLS cannot be set up, or the sender's address is none that mails can carry.
    pub fn new(server: &SmtpServer, from: &Sender) -> Result<Self, BadSmtpServer> {
        let address = address(&from.address).ok_or_else(|| BadSmtpServer::of_sender(&from.address))?;
        let domain = address.domain().to_owned();
        let transport = server.transport()?.timeout(Some(PATIENCE)).hello_name(ClientId::Domain(domain.clone()));
        // What is no character of a line has no place in a header.
        let name = from.name.as_ref().map(|name| name.chars().filter(|each| !each.is_control()).collect());
        Ok(Self { transport: transport.build(), from: Mailbox::new(name, address), domain })
    }

    /// Whether the server lets us in; nothing is sent.
    ///
    /// # Errors
    /// A sentence without any password in it.
    pub async fn probe(&self) -> Result<(), String> {
        const PATIENCE: Duration = Duration::from_secs(10);
        match tokio::time::timeout(PATIENCE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("it answers, and not as a mail server does".to_owned()),
            Ok(Err(error)) => Err(match refused(&error) {
                MailError::Later(why) | MailError::Never(why) => why,
            }),
            Err(_) => Err("it does not answer in time".to_owned()),
        }
    }

    fn message(&self, id: MailId, mail: &Mail) -> Result<Message, MailError> {
        let never = || MailError::Never("the address cannot be written to".to_owned());
        let to = address(&mail.to).ok_or_else(never)?;
        Message::builder()
            .message_id(Some(format!("<{id}@{}>", self.domain)))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.subject())
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text().to_owned())
            .map_err(|error| MailError::Never(format!("the mail cannot be written: {error}")))
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, id: MailId, mail: &Mail) -> Result<(), MailError> {
        let message = self.message(id, mail)?;
        match tokio::time::timeout(WHOLE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(refused(&error)),
            Err(_) => Err(MailError::Later("the mail server does not answer in time".to_owned())),
        }
    }
}

/// What a refusal means for the mail. Servers repeat addresses and texts in their answers, so only the code is told.
fn refused(error: &lettre::transport::smtp::Error) -> MailError {
    let Some(code) = error.status() else {
        return MailError::Later(format!("the mail server cannot be used: {error}"));
    };
    let code = code.to_string();
    match code.as_str() {
        // Signing in: the settings are wrong, not the mail.
        "530" | "534" | "535" | "538" => MailError::Later(format!("the mail server does not let us in ({code})")),
        _ if error.is_permanent() => MailError::Never(format!("the mail server refused the mail ({code})")),
        _ => MailError::Later(format!("the mail server wants it later ({code})")),
    }
}

/// An address with its host as mails carry it, in ASCII.
fn address(address: &MailAddress) -> Option<Address> {
    let (name, host) = address.as_str().rsplit_once('@')?;
    Address::new(name, Host::parse(host).ok()?.to_string()).ok()
}
