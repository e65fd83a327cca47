//! A directory for people: looking through it, and what is known of one person or group.

mod browse;
mod past;
mod person;

use std::sync::Arc;

pub use browse::{Counted, Counts, Found, Looking, Order, Reach, Standing};
pub use past::{AsOf, Past};
pub use person::{History, MembersPage, Presence};

use super::IndexWishes;
use crate::store::Store;

pub struct Directory {
    store: Arc<dyn Store>,
    wishes: Arc<IndexWishes>,
}

impl Directory {
    pub fn new(store: Arc<dyn Store>, wishes: Arc<IndexWishes>) -> Self {
        Self { store, wishes }
    }
}
