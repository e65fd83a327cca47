//! "As of": what a person or group was at a moment that the address asks for.

use domain::audit::Entry;
use domain::ids::ResourceId;
use domain::ops::{AsOf, Past};
use domain::replay::{Snapshot, Told};

use crate::call::AdminCall;
use crate::error::PageError;
use crate::lists::Note;
use crate::moment;
use crate::parts::{Icon, Tone};
use crate::text::person as words;

/// What is shown instead of what is now.
pub struct Glimpse {
    /// None where nothing can be shown.
    pub snapshot: Option<Snapshot>,
    /// The number of the last fact that had happened.
    pub number: Option<i64>,
    pub note: Note,
    /// The moment, for the field of the form.
    pub typed: String,
    /// Whether what was typed is no moment.
    pub is_unread: bool,
}

/// What a resource was; none when the address asks for no moment. `newest`: the newest entry about one that is gone.
///
/// # Errors
/// [`PageError::Unavailable`] when the database is away.
pub async fn glimpse(
    call: &AdminCall,
    id: ResourceId,
    newest: Option<&Entry>,
    now_href: &str,
) -> Result<Option<Glimpse>, PageError> {
    let number = call.query.text("as_of").parse().ok();
    let as_of = match (number, call.query.given("at")) {
        (Some(number), _) => AsOf::Number(number),
        (None, None) => return Ok(None),
        (None, Some(typed)) => match moment::minute_end(typed) {
            Some(at) => AsOf::Moment(at),
            None => return Ok(Some(unread(typed))),
        },
    };
    let told = call.admin.directory.past(&call.cx.scope, id, as_of).await?;
    let (snapshot, text) = match told {
        Past::Told(Told::Present(snapshot)) => {
            let at = match as_of {
                AsOf::Moment(at) => at,
                AsOf::Number(_) => snapshot.stored.modified,
            };
            (Some(snapshot), words::as_of(at))
        }
        Past::Told(Told::Absent) if newest.is_some_and(|entry| has_happened(entry, as_of)) => {
            (None, words::NOT_ANY_MORE.to_owned())
        }
        Past::Told(Told::Absent) => (None, words::NOT_YET.to_owned()),
        Past::Told(Told::Erased) => (None, words::WAS_ERASED.to_owned()),
        Past::TooMany => (None, words::TOO_MANY.to_owned()),
    };
    let typed = match (as_of, &snapshot) {
        (AsOf::Moment(at), _) => moment::typed(at),
        (AsOf::Number(_), Some(snapshot)) => moment::typed(snapshot.stored.modified),
        (AsOf::Number(_), None) => String::new(),
    };
    let note = Note::new(Tone::Info, Icon::Wait, text).step(now_href.to_owned(), words::SHOW_NOW);
    Ok(Some(Glimpse { snapshot, number, note, typed, is_unread: false }))
}

fn unread(typed: &str) -> Glimpse {
    let note = Note::new(Tone::Warn, Icon::Warn, words::BAD_MOMENT);
    Glimpse { snapshot: None, number: None, note, typed: typed.to_owned(), is_unread: true }
}

fn has_happened(entry: &Entry, as_of: AsOf) -> bool {
    match as_of {
        AsOf::Number(number) => entry.number <= number,
        AsOf::Moment(at) => entry.at <= at,
    }
}
