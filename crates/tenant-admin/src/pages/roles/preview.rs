//! Whom the rules in the form would change, as it is shown.

use domain::ops::{Moved, Preview};

use crate::call::AdminCall;
use crate::lists::number;
use crate::pages::directory::person_href;
use crate::text::roles as words;

/// The panel.
pub struct Panel {
    pub headline: String,
    pub people: Vec<Person>,
    /// How many more change than are named.
    pub more: Option<String>,
    pub hint: Option<&'static str>,
}

/// Somebody who changes.
pub struct Person {
    pub href: String,
    pub name: String,
    pub before: String,
    pub after: String,
    pub because: String,
}

impl Panel {
    pub fn new(call: &AdminCall, preview: &Preview, hint: Option<&'static str>) -> Self {
        let order = words::losses_first(&preview.shifts);
        let place = |moved: &&Moved| {
            let (before, after) = (moved.before.role.as_ref(), moved.after.role.as_ref());
            order.iter().position(|shift| shift.from.as_ref() == before && shift.to.as_ref() == after)
        };
        let mut first: Vec<&Moved> = preview.first.iter().collect();
        first.sort_by_key(place);
        let more = preview.people.saturating_sub(preview.first.len() as u64);
        Self {
            headline: words::headline(preview),
            people: first.into_iter().map(|moved| person(call, moved)).collect(),
            more: (more > 0).then(|| format!("and {} more", number(more))),
            hint,
        }
    }
}

fn person(call: &AdminCall, moved: &Moved) -> Person {
    let vendor = &call.admin.branding.name;
    Person {
        href: person_href(call, moved.id),
        name: words::person_name(&moved.name),
        before: words::role(moved.before.role.as_ref()),
        after: words::role(moved.after.role.as_ref()),
        because: words::because(&moved.after, vendor),
    }
}
