//! Names that are what a test says they are.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use domain::ports::{ResolveError, Resolver};

type Answer = Result<Vec<String>, ResolveError>;

/// Answers as it is told, and of any other name that there is none.
#[derive(Debug, Default)]
pub struct TestResolver(Mutex<BTreeMap<String, Answer>>);

impl TestResolver {
    /// Answers so about a name, from now on.
    pub fn answer(&self, name: &str, answer: Answer) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), answer);
    }

    /// Gives a name these TXT records.
    pub fn publish(&self, name: &str, texts: &[&str]) {
        self.answer(name, Ok(texts.iter().map(|text| (*text).to_owned()).collect()));
    }
}

#[async_trait]
impl Resolver for TestResolver {
    async fn txt(&self, name: &str) -> Answer {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        known.unwrap_or(Err(ResolveError::NoSuchName))
    }
}
