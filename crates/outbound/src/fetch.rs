//! Asking servers that tenants name: small documents, in a short time, and nobody inside.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::fetch::{Fetch, FetchError, Fetched, Question};
use ipnet::IpNet;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

use crate::guard::{Forbidden, Guard};

/// How long a connection may take to come about, and everything together: somebody waits in front of a page, which has to say
/// within five seconds that nobody answers.
const CONNECT: Duration = Duration::from_secs(3);
const ALL: Duration = Duration::from_secs(4);

/// Asks by https, follows no redirect, uses no proxy, keeps no cookie.
#[derive(Clone)]
pub struct GuardedFetch {
    guard: Guard,
    client: Client,
    /// When everything has to be over, if that is so already.
    end: Option<Instant>,
}

impl GuardedFetch {
    /// `allowed`: see [`Guard::new`].
    ///
    /// # Errors
    /// One sentence, when TLS cannot be set up.
    pub fn new(allowed: &[IpNet]) -> Result<Self, String> {
        let guard = Guard::new(allowed);
        let client = Client::builder()
            .dns_resolver(guard.clone())
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ALL)
            .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("requests to other servers cannot be set up: {error}"))?;
        Ok(Self { guard, client, end: None })
    }
}

#[async_trait]
impl Fetch for GuardedFetch {
    async fn ask(&self, question: Question<'_>) -> Result<Fetched, FetchError> {
        let url: Url = question.url.parse().map_err(|_| FetchError::NotAnAddress)?;
        self.guard.check(&url).map_err(forbidden)?;
        let mut request = match question.form {
            None => self.client.get(url),
            Some(form) => self
                .client
                .post(url)
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.reveal().to_owned()),
        };
        if let Some(end) = self.end {
            request = request.timeout(end.saturating_duration_since(Instant::now()));
        }
        if let Some(authorization) = question.authorization {
            request = request.header(AUTHORIZATION, authorization.reveal());
        }
        let response = request.header(ACCEPT, question.accept).send().await.map_err(failed)?;
        if response.status().is_redirection() {
            return Err(FetchError::Redirected);
        }
        let status = response.status().as_u16();
        Ok(Fetched { status, body: read(response, question.most).await? })
    }

    fn together(&self) -> Arc<dyn Fetch> {
        Arc::new(Self { end: Some(Instant::now() + ALL), ..self.clone() })
    }
}

async fn read(mut response: Response, most: usize) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(failed)? {
        if body.len() + piece.len() > most {
            return Err(FetchError::TooLarge(most));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn forbidden(why: Forbidden) -> FetchError {
    FetchError::Forbidden(why.to_string())
}

fn failed(error: reqwest::Error) -> FetchError {
    let causes = || std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    if let Some(why) = causes().find_map(|cause| cause.downcast_ref::<Forbidden>()) {
        return FetchError::Forbidden(why.to_string());
    }
    if error.is_timeout() {
        return FetchError::TooSlow(ALL.as_secs());
    }
    // The last cause says it best: a name that is not known, a certificate that does not fit, a connection that was refused.
    let why = causes().last().map_or_else(|| "it does not answer".to_owned(), ToString::to_string);
    FetchError::Unreachable(why)
}

#[cfg(test)]
mod tests {
    use domain::Secret;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives every caller this answer, after so long; gives its address.
    async fn server(answer: String, after: Duration) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4_096];
                let read = stream.read(&mut asked).await.unwrap_or_default();
                tokio::time::sleep(after).await;
                let answer = answer.replace("{asked}", &String::from_utf8_lossy(&asked[..read]));
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}/metadata")
    }

    fn fetch() -> GuardedFetch {
        GuardedFetch::new(&["127.0.0.0/8".parse().unwrap()]).unwrap()
    }

    async fn ask(url: &str) -> Result<Fetched, FetchError> {
        fetch().ask(Question::document(url, "application/xml", 1_000)).await
    }

    #[tokio::test]
    async fn a_document_comes_with_its_status() {
        let url = server("HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\nnobody".to_owned(), Duration::ZERO).await;
        assert_eq!(ask(&url).await, Ok(Fetched { status: 404, body: b"nobody".to_vec() }));
    }

    #[tokio::test]
    async fn a_form_is_sent_with_its_authorization_and_neither_is_printed() {
        let url = server("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{asked}".to_owned(), Duration::ZERO).await;
        let (form, authorization) = (Secret::new("code=1234".to_owned()), Secret::new("Basic abcd".to_owned()));
        let question = Question {
            form: Some(&form),
            authorization: Some(&authorization),
            ..Question::document(&url, "application/json", 4_000)
        };
        assert!(!format!("{question:?}").contains("1234") && !format!("{question:?}").contains("abcd"));
        let asked = String::from_utf8(fetch().ask(question).await.unwrap().body).unwrap();
        assert!(asked.starts_with("POST /metadata HTTP/1.1\r\n") && asked.ends_with("\r\n\r\ncode=1234"), "{asked}");
        assert!(
            asked.contains("authorization: Basic abcd\r\n") && asked.contains("accept: application/json"),
            "{asked}"
        );
    }

    #[tokio::test]
    async fn what_is_large_or_leads_on_is_not_taken() {
        let large = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(1_001));
        assert_eq!(ask(&server(large, Duration::ZERO).await).await, Err(FetchError::TooLarge(1_000)));
        let on = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned();
        assert_eq!(ask(&server(on, Duration::ZERO).await).await, Err(FetchError::Redirected));
    }

    #[tokio::test]
    async fn whoever_is_slow_or_away_is_not_waited_for() {
        let slow = server("HTTP/1.1 200 OK\r\n\r\n".to_owned(), Duration::from_mins(1)).await;
        assert_eq!(ask(&slow).await, Err(FetchError::TooSlow(4)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        assert!(matches!(ask(&gone).await, Err(FetchError::Unreachable(why)) if why.contains("refused")));
    }

    #[tokio::test]
    async fn several_questions_together_are_waited_for_as_long_as_one() {
        let slow = server("HTTP/1.1 200 OK\r\n\r\n".to_owned(), Duration::from_millis(2_500)).await;
        let together = GuardedFetch::new(&["127.0.0.0/8".parse().unwrap()]).unwrap().together();
        let begun = Instant::now();
        let question = || together.ask(Question::document(&slow, "*/*", 1_000));
        assert_eq!(question().await.map(|fetched| fetched.status), Ok(200));
        assert_eq!(question().await, Err(FetchError::TooSlow(4)));
        assert_eq!(question().await, Err(FetchError::TooSlow(4)));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn nobody_inside_is_asked() {
        let url = server("HTTP/1.1 200 OK\r\n\r\nsecrets".to_owned(), Duration::ZERO).await;
        let strict = GuardedFetch::new(&[]).unwrap();
        for inside in [url.replace("http:", "https:"), url.replace("http://127.0.0.1", "https://localhost")] {
            let refused = strict.ask(Question::document(&inside, "*/*", 1_000)).await;
            assert!(matches!(&refused, Err(FetchError::Forbidden(why)) if why.contains("inside")), "{refused:?}");
        }
        assert!(matches!(strict.ask(Question::document(&url, "*/*", 1_000)).await, Err(FetchError::Forbidden(_))));
        assert_eq!(ask("no address").await, Err(FetchError::NotAnAddress));
    }
}
