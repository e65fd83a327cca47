//! Single sign-on without a network: servers answer what a test has told them to, and nothing is done elsewhere.

#![expect(clippy::expect_used, clippy::missing_panics_doc, reason = "builders are for what has to succeed")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use domain::connection::{Connection, Protocol};
use domain::fetch::{Fetch, FetchError, Fetched, Question};
use domain::ports::Offload;
use domain::tenant::Tenant;

use crate::World;

/// Does everything where it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Here;

#[async_trait]
impl Offload for Here {
    async fn run(&self, task: Box<dyn FnOnce() + Send>) {
        task();
    }
}

/// Answers by address.
#[derive(Clone, Debug, Default)]
pub struct TestFetch {
    answers: Arc<Mutex<HashMap<String, Result<Fetched, FetchError>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl TestFetch {
    /// What this address answers from now on.
    pub fn answer(&self, url: &str, answer: Result<Fetched, FetchError>) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(url.to_owned(), answer);
    }

    /// A document at this address.
    pub fn document(&self, url: &str, body: &str) {
        self.answer(url, Ok(Fetched { status: 200, body: body.as_bytes().to_vec() }));
    }

    /// The addresses that were asked, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Fetch for TestFetch {
    async fn ask(&self, question: Question<'_>) -> Result<Fetched, FetchError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(question.url.to_owned());
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(question.url).cloned().unwrap_or_else(|| Err(FetchError::Unreachable("nobody is there".to_owned())))
    }

    fn together(&self) -> Arc<dyn Fetch> {
        Arc::new(self.clone())
    }
}

impl World {
    /// A connection of a tenant's that knows no identity provider yet.
    pub async fn connection(&self, tenant: &Tenant, protocol: Protocol) -> Connection {
        let made = self.connections.create(&self.operator(tenant), tenant, "Entra", protocol).await;
        made.expect("a connection")
    }
}
