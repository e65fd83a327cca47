//! The small parts that pages are put together from. What they print is HTML already.

use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// The drawings. None stands without a word beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Ok,
    Off,
    Info,
    Wait,
    Run,
    Warn,
    Bad,
    Pause,
    Key,
    Open,
    Person,
    Copy,
    Menu,
    Search,
    Down,
}

impl Icon {
    const fn drawing(self) -> &'static str {
        match self {
            Self::Ok => r#"<circle cx="8" cy="8" r="6.25"/><path d="m5.25 8.25 1.9 1.9 3.6-4"/>"#,
            Self::Off => r#"<circle cx="8" cy="8" r="6.25"/><path d="M5.25 8h5.5"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="6.25"/><path d="M8 7.25v3.5M8 5.1v.1"/>"#,
            Self::Wait => r#"<circle cx="8" cy="8" r="6.25"/><path d="M8 4.5V8l2.25 1.5"/>"#,
            Self::Run => r#"<path d="M8 1.75A6.25 6.25 0 1 1 1.75 8"/>"#,
            Self::Warn => r#"<path d="M8 2.25 14.25 13.25H1.75Z"/><path d="M8 6.5v3M8 11.4v.1"/>"#,
            Self::Bad => {
                r#"<path d="M5.4 1.75h5.2l3.65 3.65v5.2l-3.65 3.65H5.4L1.75 10.6V5.4Z"/><path d="m6 6 4 4m0-4-4 4"/>"#
            }
            Self::Pause => r#"<circle cx="8" cy="8" r="6.25"/><path d="M6.5 6v4m3-4v4"/>"#,
            Self::Key => r#"<circle cx="5.25" cy="10.75" r="3"/><path d="m7.5 8.5 5.75-5.75M10.75 5.25l2 2"/>"#,
            Self::Open => r#"<circle cx="8" cy="8" r="6.25" stroke-dasharray="2.4 2.5"/>"#,
            Self::Person => {
                r#"<circle cx="8" cy="5.25" r="2.75"/><path d="M2.75 13.75c.6-2.7 2.7-4 5.25-4s4.65 1.3 5.25 4"/>"#
            }
            Self::Copy => {
                r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M3.75 10.5h-.25a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v.25"/>"#
            }
            Self::Menu => r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.25 3.25"/>"#,
            Self::Down => r#"<path d="m4.5 6.5 3.5 3.5 3.5-3.5"/>"#,
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, r#"<svg class="i" viewBox="0 0 16 16" aria-hidden="true">{}</svg>"#, self.drawing())
    }
}

impl HtmlSafe for Icon {}

/// What a colour says, together with a word and an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Ok,
    Warn,
    Bad,
    Info,
    Idle,
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
            Self::Idle => "idle",
        })
    }
}

/// The state of a thing.
#[derive(Clone, Debug, Template)]
#[template(source = r#"<span class="pill {{ tone }}">{{ icon }}{{ word }}</span>"#, ext = "html")]
pub struct Pill {
    pub tone: Tone,
    pub icon: Icon,
    pub word: String,
}

impl HtmlSafe for Pill {}

impl Pill {
    pub fn new(tone: Tone, icon: Icon, word: impl Into<String>) -> Self {
        Self { tone, icon, word: word.into() }
    }
}

/// The result of an event.
#[expect(clippy::struct_field_names, reason = "a word has a word as a pill has")]
#[derive(Clone, Debug, Template)]
#[template(source = r#"<span class="word {{ tone }}">{{ icon }}{{ word }}</span>"#, ext = "html")]
pub struct Word {
    pub tone: Tone,
    pub icon: Icon,
    pub word: String,
}

impl HtmlSafe for Word {}

impl Word {
    pub fn new(tone: Tone, icon: Icon, word: impl Into<String>) -> Self {
        Self { tone, icon, word: word.into() }
    }
}

/// A value to be taken elsewhere, with its button. `id` names the element on the page, `name` what is copied, such as
/// "tenant URL".
#[derive(Clone, Debug, Template)]
#[template(path = "parts/copy.html")]
pub struct CopyField {
    pub id: String,
    pub label: String,
    pub name: String,
    pub value: String,
    /// Said below it, HTML of ours.
    pub help: String,
}

impl HtmlSafe for CopyField {}

impl CopyField {
    /// The value, cut where a browser may break the line.
    fn pieces(&self) -> Vec<&str> {
        self.value.split_inclusive('/').collect()
    }
}

/// Something a page says about itself after a deed, such as "Changes saved".
#[derive(Clone, Debug)]
pub struct Notice {
    pub tone: Tone,
    pub icon: Icon,
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_html_and_what_people_wrote_is_escaped() {
        let pill = Pill::new(Tone::Ok, Icon::Ok, "<b>Healthy</b>");
        let html = pill.to_string();
        assert!(html.starts_with(r#"<span class="pill ok"><svg class="i""#), "{html}");
        assert!(html.contains("&#60;b&#62;Healthy"), "{html}");
        let copy = CopyField {
            id: "url".to_owned(),
            label: "Base (Tenant) URL".to_owned(),
            name: "tenant URL".to_owned(),
            value: "https://a.example/t/<x>".to_owned(),
            help: "Goes into <b>Tenant URL</b>.".to_owned(),
        };
        let html = copy.to_string();
        assert!(html.contains("https:/<wbr>/<wbr>a.example/<wbr>t/<wbr>&#60;x&#62;"), "{html}");
        assert!(html.contains("<b>Tenant URL</b>") && html.contains(r#"aria-label="Copy tenant URL""#), "{html}");
    }
}
