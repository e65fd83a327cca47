//! The one banner that says how the connection is.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::parts::{Icon, Tone};
use crate::prose::Prose;

/// What can be done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Go {
        href: String,
        word: &'static str,
    },
    /// Needs the right to configure.
    Send {
        href: String,
        word: &'static str,
    },
}

#[derive(Clone, Debug, Template)]
#[template(path = "provisioning/banner.html")]
pub struct Banner {
    pub tone: Tone,
    pub icon: Icon,
    /// Whether it is about something that goes on.
    pub spins: bool,
    pub title: String,
    pub lines: Vec<Prose>,
    pub hints: Vec<Prose>,
    pub action: Option<Action>,
    pub csrf: String,
}

impl HtmlSafe for Banner {}

impl Banner {
    pub fn new(tone: Tone, icon: Icon, title: impl Into<String>, line: Prose) -> Self {
        Self {
            tone,
            icon,
            spins: false,
            title: title.into(),
            lines: vec![line],
            hints: Vec::new(),
            action: None,
            csrf: String::new(),
        }
    }

    #[must_use]
    pub fn line(mut self, line: Prose) -> Self {
        self.lines.push(line);
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: Prose) -> Self {
        self.hints.push(hint);
        self
    }

    #[must_use]
    pub fn go(self, href: impl Into<String>, word: &'static str) -> Self {
        Self { action: Some(Action::Go { href: href.into(), word }), ..self }
    }

    #[must_use]
    pub fn send(self, href: impl Into<String>, word: &'static str) -> Self {
        Self { action: Some(Action::Send { href: href.into(), word }), ..self }
    }

    #[must_use]
    pub fn spinning(self) -> Self {
        Self { spins: true, ..self }
    }
}

impl Icon {
    /// The drawing, turning.
    pub fn spinning(self) -> String {
        self.to_string().replace("class=\"i\"", "class=\"i spin\"")
    }
}
