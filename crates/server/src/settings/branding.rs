//! `[branding]`: whose product the settings UI looks like.

use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use tenant_admin::{Branding, Colour, Logo};

use super::table::{Fallback, Key, Kind, Section};

/// Whose product the settings UI looks like.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrandingSettings {
    /// The vendor's product.
    pub name: String,
    /// A PNG or SVG picture.
    pub logo_file: Option<PathBuf>,
    /// The one colour of buttons and links, `#rrggbb`.
    pub accent: Option<String>,
}

impl BrandingSettings {
    /// The branding of pages.
    ///
    /// # Errors
    /// One sentence that names the logo's file when it cannot be read or is no picture.
    pub fn branding(&self) -> anyhow::Result<Branding> {
        let logo = match &self.logo_file {
            None => Logo::default(),
            Some(file) => read_logo(file)?,
        };
        let accent = self.accent.as_deref().map(str::parse::<Colour>).transpose().map_err(anyhow::Error::msg)?;
        Ok(Branding { name: self.name.trim().to_owned(), logo, accent })
    }
}

fn read_logo(file: &PathBuf) -> anyhow::Result<Logo> {
    let bytes = std::fs::read(file).with_context(|| format!("branding.logo_file {} cannot be read", file.display()))?;
    Logo::read(bytes).map_err(|why| anyhow::anyhow!("branding.logo_file {}: {why}", file.display()))
}

pub(super) const SECTION: Section = Section {
    name: "branding",
    meaning: "Whose product the settings UI looks like: your customers' admins believe to be in your product.",
    keys: &[
        Key {
            name: "branding.name",
            kind: Kind::Text {
                expected: "your product's name, 1 to 60 characters",
                accepts: |text| (1..=60).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control),
            },
            fallback: Fallback::Value("Rollcall"),
            meaning: "The name of your product, as pages and mails say it.",
            secret: false,
        },
        Key {
            name: "branding.logo_file",
            kind: Kind::Text { expected: "a file", accepts: |text| !text.is_empty() },
            fallback: Fallback::Nothing("Rollcall's own"),
            meaning: "Your logo, a PNG or SVG picture of at most 256 KiB that is about square.",
            secret: false,
        },
        Key {
            name: "branding.accent",
            kind: Kind::Text {
                expected: "a colour on which white words can be read (4.5 to 1), written as #rrggbb",
                accepts: |text| text.parse::<Colour>().is_ok(),
            },
            fallback: Fallback::Nothing("the blue of the design"),
            meaning: "The one colour of buttons and links, for the light and the dark scheme alike.",
            secret: false,
        },
    ],
};
