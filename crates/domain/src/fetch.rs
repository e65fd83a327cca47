//! Asking servers that tenants name, such as identity providers for their metadata.

use std::sync::Arc;

use async_trait::async_trait;
use scim_protocol::secret::Secret;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    pub url: &'q str,
    /// The media type that is wanted.
    pub accept: &'q str,
    /// What is sent, in the form of HTML forms; GET when there is none.
    pub form: Option<&'q Secret>,
    /// The header `Authorization`.
    pub authorization: Option<&'q Secret>,
    /// The most bytes of an answer.
    pub most: usize,
}

impl<'q> Question<'q> {
    /// A document of at most so many bytes.
    pub fn document(url: &'q str, accept: &'q str, most: usize) -> Self {
        Self { url, accept, form: None, authorization: None, most }
    }
}

/// An answer, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Why there is none, in words for whoever entered the address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    #[error("this is no address of a document")]
    NotAnAddress,
    /// Says why.
    #[error("this server is not asked: {0}")]
    Forbidden(String),
    #[error("it leads on to another address; enter that one")]
    Redirected,
    /// So many bytes would have been read.
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
    /// So many seconds were waited.
    #[error("it did not answer within {0} seconds")]
    TooSlow(u64),
    /// Says what the machine says.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
}

/// Asks servers of others.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// Asks once. A server inside the network is not asked, a redirect not followed, and nothing waited for longer than
    /// somebody in front of a page does.
    ///
    /// # Errors
    /// See [`FetchError`].
    async fn ask(&self, question: Question<'_>) -> Result<Fetched, FetchError>;

    /// The same for several questions of which none is waited for when all of them together have taken as long as one may.
    fn together(&self) -> Arc<dyn Fetch>;
}
