//! Which server takes mails, and how it is spoken to.

use std::fmt;
use std::path::Path;

use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use url::{Host, Url};

/// Whether a connection that begins in clear turns to TLS (RFC 3207).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    /// A server that does not offer it gets no mail.
    Required,
    /// Nothing is encrypted. For a relay on the same machine or network.
    Never,
}

/// A server of mails: `smtps://[USER:PASSWORD@]HOST[:465]` speaks TLS from the start, `smtp://…[:587]` as [`StartTls`]
/// says.
#[derive(Clone)]
pub struct SmtpServer {
    host: String,
    port: u16,
    implicit_tls: bool,
    start_tls: StartTls,
    user: Option<(String, String)>,
    certificates: Option<Vec<u8>>,
}

/// Why that is no server of mails; the text repeats nothing of the URL, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadSmtpServer(String);

impl BadSmtpServer {
    pub(crate) fn of_sender(address: &domain::mail::MailAddress) -> Self {
        Self(format!("no mail can be from {address}"))
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpServer").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl SmtpServer {
    /// Reads the URL of a server.
    ///
    /// # Errors
    /// [`BadSmtpServer`]; also for a password that would go over the network in clear.
    pub fn parse(url: &str, start_tls: StartTls) -> Result<Self, BadSmtpServer> {
        let bad = |what: &str| BadSmtpServer(what.to_owned());
        let url = Url::parse(url).map_err(|error| BadSmtpServer(format!("it is no URL: {error}")))?;
        let (implicit_tls, usual) = match url.scheme() {
            "smtps" => (true, 465),
            "smtp" => (false, 587),
            _ => return Err(bad("it begins with neither smtp:// nor smtps://")),
        };
        // The scheme is none of those that `url` knows hosts of, so that the host is read anew.
        let host = url.host_str().map(Host::parse).and_then(Result::ok).ok_or_else(|| bad("it has no host"))?;
        if url.query().is_some() || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err(bad("something follows its host and port"));
        }
        let user = match (decoded(url.username())?, url.password().map(decoded).transpose()?) {
            (name, None) if name.is_empty() => None,
            (name, Some(password)) if !name.is_empty() => Some((name, password)),
            _ => return Err(bad("a user comes with a password, and a password with a user")),
        };
        if user.is_some() && !implicit_tls && start_tls == StartTls::Never {
            return Err(bad("a password is not sent in clear; use smtps:// or STARTTLS"));
        }
        let port = url.port().unwrap_or(usual);
        Ok(Self { host: host.to_string(), port, implicit_tls, start_tls, user, certificates: None })
    }

    /// The same server, whose certificate is signed by one in this file (PEM) and by no other.
    ///
    /// # Errors
    /// [`BadSmtpServer`] when the file cannot be read or holds no certificate.
    pub fn with_ca_file(self, file: &Path) -> Result<Self, BadSmtpServer> {
        let shown = file.display();
        let read = std::fs::read(file);
        let pem = read.map_err(|error| BadSmtpServer(format!("the file {shown} cannot be read: {error}")))?;
        let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        match found.is_ok_and(|certificates| !certificates.is_empty()) {
            true => Ok(Self { certificates: Some(pem), ..self }),
            false => Err(BadSmtpServer(format!("the file {shown} holds no certificate in PEM form"))),
        }
    }

    /// A transport to this server.
    ///
    /// # Errors
    /// [`BadSmtpServer`] when TLS cannot be set up.
    pub(crate) fn transport(&self) -> Result<AsyncSmtpTransportBuilder, BadSmtpServer> {
        let tls = match (self.implicit_tls, self.start_tls) {
            (true, _) => Tls::Wrapper(self.tls()?),
            (false, StartTls::Required) => Tls::Required(self.tls()?),
            (false, StartTls::Never) => Tls::None,
        };
        let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(self.host.as_str());
        let builder = builder.port(self.port).tls(tls);
        Ok(match &self.user {
            Some((name, password)) => builder.credentials(Credentials::new(name.clone(), password.clone())),
            None => builder,
        })
    }

    fn tls(&self) -> Result<TlsParameters, BadSmtpServer> {
        let unusable = |error: lettre::transport::smtp::Error| BadSmtpServer(error.to_string());
        // An address as the certificate has it: an IPv6 one without its brackets.
        let name = self.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut builder = TlsParameters::builder(name);
        if let Some(pem) = &self.certificates {
            builder = builder.certificate_store(CertificateStore::None);
            builder = builder.add_root_certificate(Certificate::from_pem(pem).map_err(unusable)?);
        }
        builder.build_rustls().map_err(unusable)
    }
}

fn decoded(text: &str) -> Result<String, BadSmtpServer> {
    let bytes = percent_encoding::percent_decode_str(text);
    let text = bytes.decode_utf8().map_err(|_| BadSmtpServer("user and password are UTF-8".to_owned()))?;
    match text.chars().any(char::is_control) {
        true => Err(BadSmtpServer("user and password have no control characters".to_owned())),
        false => Ok(text.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_servers_are_read() {
        let read = |url: &str| {
            let server = SmtpServer::parse(url, StartTls::Required).unwrap();
            (server.host, server.port, server.implicit_tls, server.user)
        };
        assert_eq!(read("smtp://mail.acme.example"), ("mail.acme.example".to_owned(), 587, false, None));
        let user = Some(("rollcall@acme.example".to_owned(), "p:@ss".to_owned()));
        assert_eq!(
            read("smtps://rollcall%40acme.example:p%3A%40ss@mail.acme.example/"),
            ("mail.acme.example".to_owned(), 465, true, user)
        );
        assert_eq!(read("smtp://127.0.0.1:2525").1, 2525);
        assert_eq!(read("smtp://[::1]:25").0, "[::1]");
    }

    #[test]
    fn what_is_no_server_is_refused_without_its_password() {
        for url in [
            "",
            "mail.acme.example",
            "http://mail.acme.example",
            "smtp://",
            "smtp://user@mail.acme.example",
            "smtp://:hunter2@mail.acme.example",
            "smtp://mail.acme.example/path",
            "smtps://u:hunter2@mail.example?tls=no",
            "smtp://u:hunter2%0d%0a@mail.acme.example",
            "smtp://u:hunter2@ma il",
        ] {
            let error = SmtpServer::parse(url, StartTls::Required).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_password_is_not_sent_in_clear() {
        assert!(SmtpServer::parse("smtp://u:p@mail.acme.example", StartTls::Never).is_err());
        assert!(SmtpServer::parse("smtps://u:p@mail.acme.example", StartTls::Never).is_ok());
        assert!(SmtpServer::parse("smtp://localhost:25", StartTls::Never).is_ok());
        let server = SmtpServer::parse("smtp://u:hunter2@mail.acme.example", StartTls::Required).unwrap();
        assert!(!format!("{server:?}").contains("hunter2"));
    }
}
