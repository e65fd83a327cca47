//! Requests that are sent at the same moment.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::caller::{Answer, Caller, PATCH_OP};

/// How often at most a patient client sends a request.
const TRIES: usize = 8;

/// What one of them sends.
pub struct Request {
    caller: Caller,
    method: Method,
    path: String,
    body: Option<Value>,
}

impl Request {
    pub fn post(caller: &Caller, path: &str, body: Value) -> Self {
        Self::of(caller, Method::POST, path, Some(body))
    }

    pub fn put(caller: &Caller, path: &str, body: Value) -> Self {
        Self::of(caller, Method::PUT, path, Some(body))
    }

    /// A PATCH with these `Operations`.
    pub fn patch(caller: &Caller, path: &str, operations: Value) -> Self {
        Self::of(caller, Method::PATCH, path, Some(json!({"schemas": [PATCH_OP], "Operations": operations})))
    }

    pub fn delete(caller: &Caller, path: &str) -> Self {
        Self::of(caller, Method::DELETE, path, None)
    }

    fn of(caller: &Caller, method: Method, path: &str, body: Option<Value>) -> Self {
        Self { caller: caller.clone(), method, path: path.to_owned(), body }
    }

    /// Sends it again, up to so many times, as long as it is told to come later.
    async fn send(self, tries: usize) -> Answer {
        for _ in 1..tries {
            let answer = self.send_once().await;
            if answer.status != 503 {
                return answer;
            }
            let seconds = answer.expect_later().header("retry-after").unwrap().parse().unwrap();
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        self.send_once().await
    }

    async fn send_once(&self) -> Answer {
        self.caller.send(&self.method, &self.path, self.body.as_ref()).await
    }
}

/// The answers, in the order of the requests.
pub async fn at_once(requests: Vec<Request>) -> Vec<Answer> {
    together(requests, 1).await
}

/// The same of clients who come again when they are told to.
pub async fn at_once_with_patience(requests: Vec<Request>) -> Vec<Answer> {
    together(requests, TRIES).await
}

async fn together(requests: Vec<Request>, tries: usize) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(requests.len()));
    let send = |request: Request| {
        let start = start.clone();
        tokio::spawn(async move {
            start.wait().await;
            request.send(tries).await
        })
    };
    let under_way: Vec<_> = requests.into_iter().map(send).collect();
    let mut answers = Vec::with_capacity(under_way.len());
    for answer in under_way {
        answers.push(answer.await.unwrap());
    }
    answers
}
