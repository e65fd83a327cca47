//! Somebody else saved rules meanwhile: compare, reload or go on.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::ops::RuleView;
use domain::role::{GroupChoice, RoleRules};

use super::draft::Draft;
use super::page as address;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::form::Form;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page_with;
use crate::parts::Icon;
use crate::text::provisioning as settings_words;
use crate::text::roles as words;
use crate::when::When;

/// A place in the order as it is saved now and as it is in the form.
struct Row {
    label: String,
    now: String,
    mine: String,
}

#[derive(Template)]
#[template(path = "roles/conflict.html")]
struct ConflictPage {
    frame: Frame,
    who: String,
    when: Option<When>,
    rows: Vec<Row>,
    action: String,
    /// What was entered, to be sent once more.
    fields: Vec<(String, String)>,
    seen: i64,
}

/// What is not sent again as it was.
const FRESH: [&str; 4] = ["csrf", "seen", "act", "previewed"];

/// The page for a form that was made from older rules.
///
/// # Errors
/// Those of the store.
pub async fn page(call: &AdminCall, form: &Form, draft: &Draft) -> Result<HttpResponse, PageError> {
    let (scope, roles) = (&call.cx.scope, &call.admin.roles);
    let stored = roles.rules(scope).await?;
    let (now, mine) = (roles.look(scope, &stored.rules).await?, roles.look(scope, &draft.rules).await?);
    let mark = stored.changed.as_ref();
    let view = ConflictPage {
        frame: Frame::new(call, Spot::Tab(Tab::Roles), settings_words::CONFLICT, &[]),
        who: mark
            .map_or_else(|| "Somebody".to_owned(), |mark| settings_words::who(&mark.by, &call.admin.branding.name)),
        when: mark.map(|mark| When::new(mark.at, call.cx.now)),
        rows: rows((&now, &stored.rules), (&mine, &draft.rules)),
        action: address(call),
        fields: form
            .fields()
            .filter(|(name, _)| !FRESH.contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        seen: stored.version,
    };
    page_with(StatusCode::CONFLICT, &view)
}

fn rows(now: (&[RuleView], &RoleRules), mine: (&[RuleView], &RoleRules)) -> Vec<Row> {
    let at = |views: &[RuleView], index: usize| views.get(index).map(told).unwrap_or_default();
    let rule =
        |index: usize| Row { label: format!("Rule {}", index + 1), now: at(now.0, index), mine: at(mine.0, index) };
    let others = Row {
        label: words::EVERYBODY_ELSE.to_owned(),
        now: words::role(now.1.fallback.as_ref()),
        mine: words::role(mine.1.fallback.as_ref()),
    };
    (0..now.0.len().max(mine.0.len())).map(rule).chain([others]).collect()
}

/// A rule in a line.
fn told(view: &RuleView) -> String {
    let group = match &view.rule.group {
        GroupChoice::Named(name) => words::named(name),
        GroupChoice::Seen(_) => {
            let name = view.groups.first().and_then(|group| group.name.clone()).or_else(|| view.last_name.clone());
            name.unwrap_or_else(|| words::GONE.to_owned())
        }
    };
    format!("{group}: {}", view.rule.role)
}
