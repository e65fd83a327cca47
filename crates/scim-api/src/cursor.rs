//! Where the next page of a list begins, as a text that clients give back (RFC 9865 §2).
//!
//! A cursor holds places in the order, not row numbers, so that it stays right while resources come and go, and the server
//! keeps nothing. It is signed: one that was made up, or made for another tenant or another question, opens nothing.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use domain::context::OpContext;
use domain::directory::Kind;
use domain::ids::ResourceId;
use domain::keys::{DIGEST, Keys};
use domain::ops::Progress;
use domain::store::Position;
use scim_protocol::Fault;
use scim_protocol::sort::SortKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const MICROS: i64 = 1_000_000;

/// Makes and reads cursors.
#[derive(Clone)]
pub struct Cursors {
    keys: Arc<Keys>,
    /// Seconds.
    life: u32,
}

/// What a list is a list of; a cursor goes on with the same question only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question([u8; 16]);

impl Question {
    /// The digest of the parts that decide which resources there are in which order.
    pub fn of(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut first = [0; 16];
        for (place, byte) in first.iter_mut().zip(digest.finalize()) {
            *place = byte;
        }
        Self(first)
    }
}

#[derive(Serialize, Deserialize)]
struct Content {
    tenant: uuid::Uuid,
    question: [u8; 16],
    /// Microseconds since 1970.
    made: i64,
    /// A type without a place has been read to its end.
    places: HashMap<String, Option<(SortKey, uuid::Uuid)>>,
}

impl Cursors {
    /// `life`: seconds for which a cursor is good.
    pub fn new(keys: Arc<Keys>, life: u32) -> Self {
        Self { keys, life }
    }

    pub fn write(&self, cx: &OpContext, question: Question, progress: Vec<(Kind, Progress)>) -> String {
        let place = |progress| match progress {
            Progress::Done => None,
            Progress::After(Position { key, id }) => Some((key, id.0)),
        };
        let content = Content {
            tenant: cx.scope.tenant().0,
            question: question.0,
            made: cx.now.as_micros(),
            places: progress.into_iter().map(|(kind, progress)| (kind.to_string(), place(progress))).collect(),
        };
        let mut bytes = serde_json::to_vec(&content).unwrap_or_default();
        let signature = self.keys.ring().sign_cursor(&bytes);
        bytes.extend_from_slice(&signature);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// # Errors
    /// 400 `invalidCursor` for anything but a cursor of ours for this tenant and question, `expiredCursor` for an old one.
    pub fn read(&self, cx: &OpContext, question: Question, text: &str) -> Result<Vec<(Kind, Progress)>, Fault> {
        let content = self.open(text).filter(|content| content.tenant == cx.scope.tenant().0);
        let content = content.ok_or_else(|| Fault::invalid_cursor("this is no cursor of this service provider"))?;
        if content.question != question.0 {
            return Err(Fault::invalid_cursor("the cursor was given for another filter, order or endpoint"));
        }
        if cx.now.as_micros() - content.made > i64::from(self.life) * MICROS {
            return Err(Fault::expired_cursor(format!(
                "a cursor is good for {} seconds; begin again with the first page",
                self.life
            )));
        }
        let progress = |place| match place {
            None => Progress::Done,
            Some((key, id)) => Progress::After(Position { key, id: ResourceId(id) }),
        };
        Ok(content.places.into_iter().map(|(kind, place)| (Kind::named(&kind), progress(place))).collect())
    }

    fn open(&self, text: &str) -> Option<Content> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (content, signature) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST)?)?;
        let is_ours = self.keys.ring().verify_cursor(content, signature);
        if is_ours { serde_json::from_slice(content).ok() } else { None }
    }
}
