//! Sentences with times and stressed words in them. What people wrote is escaped.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::when::When;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    /// A label of somebody else's page, as it stands there.
    Label(String),
    When(When),
}

/// A sentence or two.
#[derive(Clone, Debug, Default, PartialEq, Eq, Template)]
#[template(
    source = r#"{% for piece in pieces %}{% match piece %}{% when Piece::Text(text) %}{{ text }}{% when Piece::Label(label) %}<b>{{ label }}</b>{% when Piece::When(when) %}{{ when }}{% endmatch %}{% endfor %}"#,
    ext = "html"
)]
pub struct Prose {
    pieces: Vec<Piece>,
}

impl HtmlSafe for Prose {}

impl Prose {
    pub fn new(text: impl Into<String>) -> Self {
        Self::default().text(text)
    }

    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.piece(Piece::Text(text.into()))
    }

    #[must_use]
    pub fn label(self, label: impl Into<String>) -> Self {
        self.piece(Piece::Label(label.into()))
    }

    #[must_use]
    pub fn when(self, when: When) -> Self {
        self.piece(Piece::When(when))
    }

    #[must_use]
    fn piece(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    /// Where the text has labels in asterisks, these are stressed: "Set *Scope*, then *Save*."
    pub fn marked(text: &str) -> Self {
        let parts = text.split('*').enumerate();
        parts.fold(Self::default(), |prose, (index, part)| match index % 2 {
            _ if part.is_empty() => prose,
            0 => prose.text(part),
            _ => prose.label(part),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_stressed_and_text_is_escaped() {
        let prose = Prose::marked("Set *Scope* to <all>, then *Save*.").text(" <this>");
        let html = "Set <b>Scope</b> to &#60;all&#62;, then <b>Save</b>. &#60;this&#62;";
        assert_eq!(prose.to_string(), html);
    }
}
