//! `[scim]`: the SCIM service.

use serde::Deserialize;

use super::table::{Fallback, Key, Kind, Section};
use super::{Layers, Origin, SettingsError};

/// The SCIM service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScimSettings {
    /// Resources in a page when the client asks for no number.
    pub default_page_size: u32,
    /// Resources in a page at most, whatever the client asks for.
    pub max_page_size: u32,
    /// Members that a list of groups returns at most, all its groups together.
    pub group_list_members_limit: u32,
    /// How long a cursor is good for.
    pub cursor_timeout_seconds: u32,
    /// Operations of a bulk request.
    pub bulk_max_operations: u32,
    /// Bytes of a bulk request.
    pub bulk_max_payload_bytes: u32,
}

impl ScimSettings {
    /// Checks the keys against each other; the one that somebody set is to blame.
    pub(super) fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        const USUAL: &str = "scim.default_page_size";
        const MOST: &str = "scim.max_page_size";
        if self.default_page_size <= self.max_page_size {
            return Ok(());
        }
        Err(match layers.origin(USUAL) {
            Origin::Default => layers.misfit(MOST, format!("at least {USUAL}, which is {}", self.default_page_size)),
            _ => layers.misfit(USUAL, format!("at most {MOST}, which is {}", self.max_page_size)),
        })
    }
}

pub(super) const SECTION: Section = Section {
    name: "scim",
    meaning: "The SCIM service.",
    keys: &[
        Key {
            name: "scim.default_page_size",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("100"),
            meaning: "Resources in a page when the client asks for no number. At most `scim.max_page_size`.",
            secret: false,
        },
        Key {
            name: "scim.max_page_size",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("1000"),
            meaning: "Resources in a page at most, whatever the client asks for.",
            secret: false,
        },
        Key {
            name: "scim.group_list_members_limit",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("10000"),
            meaning: "Members that a list of groups returns at most, all its groups together. Beyond it the answer is 400 `tooMany`, \
                      which asks for `excludedAttributes=members`.",
            secret: false,
        },
        Key {
            name: "scim.cursor_timeout_seconds",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("3600"),
            meaning: "For how long the cursor of a page opens the next one.",
            secret: false,
        },
        Key {
            name: "scim.bulk_max_operations",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("1000"),
            meaning: "Operations that a bulk request holds at most; beyond it the answer is 413.",
            secret: false,
        },
        Key {
            name: "scim.bulk_max_payload_bytes",
            kind: Kind::Whole { min: 1, max: u32::MAX },
            fallback: Fallback::Value("8388608"),
            meaning: "Bytes of a bulk request at most; beyond it the answer is 413.",
            secret: false,
        },
    ],
};
