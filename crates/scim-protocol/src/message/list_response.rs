//! RFC 7644 §3.4.2, RFC 9865 §2.

use serde::Serialize;
use serde_json::Value;

use crate::urn;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListResponse {
    schemas: [&'static str; 1],
    /// How many resources match, on all pages together.
    total_results: u64,
    /// 1-based place of the first resource of this page; none where pages begin at cursors.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_index: Option<u64>,
    items_per_page: usize,
    /// RFC 9865 §2: on every page but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    #[serde(rename = "Resources")]
    resources: Vec<Value>,
}

impl ListResponse {
    /// A page by its number.
    pub fn new(total_results: u64, start_index: u64, resources: Vec<Value>) -> Self {
        Self { start_index: Some(start_index), ..Self::from_cursor(total_results, resources, None) }
    }

    /// A page that a cursor began.
    pub fn from_cursor(total_results: u64, resources: Vec<Value>, next_cursor: Option<String>) -> Self {
        let items_per_page = resources.len();
        Self { schemas: [urn::LIST_RESPONSE], total_results, start_index: None, items_per_page, next_cursor, resources }
    }

    /// A list that is whole on its one page, as discovery answers it (RFC 7644 §4).
    pub fn whole(resources: Vec<Value>) -> Self {
        Self::new(resources.len() as u64, 1, resources)
    }
}
