//! RFC 7644 §3.4.2.

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
    /// 1-based place of the first resource of this page.
    start_index: u64,
    items_per_page: usize,
    #[serde(rename = "Resources")]
    resources: Vec<Value>,
}

impl ListResponse {
    pub fn new(total_results: u64, start_index: u64, resources: Vec<Value>) -> Self {
        let items_per_page = resources.len();
        Self { schemas: [urn::LIST_RESPONSE], total_results, start_index, items_per_page, resources }
    }

    /// A list that is whole on its one page, as discovery answers it (RFC 7644 §4).
    pub fn whole(resources: Vec<Value>) -> Self {
        Self::new(resources.len() as u64, 1, resources)
    }
}
