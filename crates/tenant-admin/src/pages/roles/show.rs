//! The page: the rules in their order, everybody else, and groups to make rules about.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use domain::admin::Right;
use domain::directory::{Kind, StoredResource};
use domain::ops::{Counts, Looking, Order, Preview, Reach, RuleView};
use domain::role::{GroupChoice, NamedGroup, RoleName, Warning};

use super::draft::{Draft, print_choice};
use super::page;
use super::preview::Panel;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::lists::{Empty, several};
use crate::pages::directory::{group_href, naming, provisioning_href};
use crate::pages::page_with;
use crate::parts::{Icon, Tone, Word};
use crate::text::{self, directory as directory_words, roles as words};

/// How many groups are offered at once.
const OFFERED: usize = 20;

/// What the page says besides the rules.
#[derive(Default)]
pub struct Told {
    pub preview: Option<Preview>,
    /// What is said above the preview.
    pub hint: Option<&'static str>,
    /// Why something could not be done.
    pub error: Option<String>,
}

#[derive(Template)]
#[template(path = "roles/page.html")]
struct RolesPage {
    frame: Frame,
    lead: String,
    meaning: Vec<String>,
    without_rules: String,
    error: Option<String>,
    preview: Option<Panel>,
    /// Said instead of a preview of the rules that are saved.
    nothing_changed: Option<&'static str>,
    rules: Vec<Rule>,
    /// Said where there are no rules.
    none: String,
    fallback: Vec<Choice>,
    fallback_word: String,
    fallback_odd: Option<Word>,
    picker: Picker,
    draft: Draft,
    mark: String,
    is_unsaved: bool,
    may: bool,
    why_not: &'static str,
    page: String,
}

/// A line of the list.
struct Rule {
    id: String,
    number: usize,
    choice: String,
    title: String,
    href: Option<String>,
    below: String,
    odd: Vec<Word>,
    role: String,
    roles: Vec<Choice>,
    is_first: bool,
    is_last: bool,
}

/// A role to choose.
struct Choice {
    value: String,
    word: String,
    is_chosen: bool,
}

/// Groups to make rules about.
struct Picker {
    groups: Vec<Offer>,
    help: &'static str,
    empty: Option<Empty>,
    note: Option<&'static str>,
    roles: Vec<Choice>,
}

struct Offer {
    id: String,
    href: String,
    name: String,
    below: String,
    /// The rule that it is in already.
    in_rule: Option<usize>,
}

/// `GET /settings/user-authentication/roles`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let stored = call.admin.roles.rules(&call.cx.scope).await?;
    let draft = Draft::of(&call, stored);
    render(&call, &draft, Told::default(), StatusCode::OK).await
}

/// The page with what somebody has in the form.
///
/// # Errors
/// Those of the store.
pub async fn render(
    call: &AdminCall,
    draft: &Draft,
    told: Told,
    status: StatusCode,
) -> Result<HttpResponse, PageError> {
    let (scope, roles, vendor) = (&call.cx.scope, &call.admin.roles, &call.admin.branding.name);
    let saved = roles.rules(scope).await?;
    let views = roles.look(scope, &draft.rules).await?;
    let fallback = draft.rules.fallback.as_ref();
    let is_saved = saved.rules == draft.rules;
    let count = views.len();
    let view = RolesPage {
        frame: Frame::new(call, Spot::Tab(Tab::Roles), text::tab(Tab::Roles), &[]),
        lead: words::lead(vendor),
        meaning: words::meaning(vendor),
        without_rules: words::without_rules(fallback, vendor),
        error: told.error,
        nothing_changed: (told.preview.is_some() && is_saved).then_some(words::NOTHING_CHANGED),
        preview: told.preview.filter(|_| !is_saved).map(|preview| Panel::new(call, &preview, told.hint)),
        rules: (1..).zip(&views).map(|(number, view)| rule(call, number, count, view)).collect(),
        none: words::no_rules(fallback, vendor),
        fallback: fallback_choices(call, fallback),
        fallback_word: words::role(fallback),
        fallback_odd: fallback
            .filter(|name| roles.names().find(name).is_none())
            .map(|name| Word::new(Tone::Warn, Icon::Warn, words::unknown_role(name, vendor))),
        picker: picker(call, draft).await?,
        draft: draft.clone(),
        mark: draft.mark(),
        is_unsaved: !is_saved,
        may: call.may(Right::Configure),
        why_not: text::lacks(Right::Configure),
        page: page(call),
    };
    page_with(status, &view)
}

fn rule(call: &AdminCall, number: usize, count: usize, view: &RuleView) -> Rule {
    let vendor = &call.admin.branding.name;
    let first = view.groups.first().map(group_name);
    let (title, href, below) = match &view.rule.group {
        GroupChoice::Seen(id) => match first {
            Some(name) => (name, Some(group_href(call, *id)), words::members(view.members)),
            None => (view.last_name.clone().unwrap_or_else(|| words::GONE.to_owned()), None, String::new()),
        },
        GroupChoice::Named(name) => {
            let only = view.groups.first().filter(|_| view.groups.len() == 1);
            let href = only.map(|group| group_href(call, group.id));
            (words::named(name), href, words::matches(view.groups.len(), view.members))
        }
    };
    let odd = view.warnings.iter().map(|odd| Word::new(Tone::Warn, Icon::Warn, warning(odd, view, vendor)));
    Rule {
        id: view.rule.id.to_string(),
        number,
        choice: print_choice(&view.rule.group),
        title,
        href,
        below,
        odd: odd.collect(),
        role: view.rule.role.to_string(),
        roles: choices(call, Some(&view.rule.role)),
        is_first: number == 1,
        is_last: number == count,
    }
}

fn warning(odd: &Warning, view: &RuleView, vendor: &str) -> String {
    match odd {
        Warning::Shadowed(by) => words::shadowed(by),
        Warning::GroupDeleted => words::DELETED.to_owned(),
        Warning::Large => words::LARGE.to_owned(),
        Warning::UnknownRole => words::unknown_role(&view.rule.role, vendor),
    }
}

fn group_name(group: &NamedGroup) -> String {
    group.name.clone().unwrap_or_else(|| directory_words::NO_NAME.to_owned())
}

/// The roles of the product, and the chosen one even where the product no longer has it.
fn choices(call: &AdminCall, chosen: Option<&RoleName>) -> Vec<Choice> {
    let names = call.admin.roles.names();
    let choice = |name: &RoleName| Choice {
        value: name.to_string(),
        word: name.to_string(),
        is_chosen: chosen.is_some_and(|chosen| chosen.is_same(name)),
    };
    let withdrawn = chosen.filter(|chosen| names.find(chosen).is_none());
    let withdrawn = withdrawn.map(|name| Choice { word: words::withdrawn(name), ..choice(name) });
    names.all().iter().map(choice).chain(withdrawn).collect()
}

fn fallback_choices(call: &AdminCall, chosen: Option<&RoleName>) -> Vec<Choice> {
    let none = Choice { value: String::new(), word: words::role(None), is_chosen: chosen.is_none() };
    [none].into_iter().chain(choices(call, chosen)).collect()
}

/// Which role a rule gives is chosen each time: none stands there by itself.
fn new_role_choices(call: &AdminCall, chosen: Option<&RoleName>) -> Vec<Choice> {
    let none = Choice { value: String::new(), word: words::CHOOSE_A_ROLE.to_owned(), is_chosen: chosen.is_none() };
    [none].into_iter().chain(choices(call, chosen)).collect()
}

async fn picker(call: &AdminCall, draft: &Draft) -> Result<Picker, PageError> {
    let (scope, directory) = (&call.cx.scope, &call.admin.directory);
    let counts = directory.counts(scope, &Kind::GROUP).await?;
    let looking = Looking {
        kind: Kind::GROUP,
        text: Some(draft.sought.clone()).filter(|text| !text.is_empty()),
        standing: None,
        order: Order::Name,
        after: None,
        limit: OFFERED as u64,
    };
    let found = directory.look(scope, &looking).await?;
    let is_cut = found.resources.len() > OFFERED || found.reach == Reach::TooMany || found.next.is_some();
    let offered: Vec<&StoredResource> = found.resources.iter().take(OFFERED).collect();
    let ids: Vec<_> = offered.iter().map(|group| group.id).collect();
    let sizes = directory.sizes(scope, &ids).await?;
    let offer = |group: &&StoredResource| Offer {
        id: group.id.to_string(),
        href: group_href(call, group.id),
        name: naming(group).0,
        in_rule: draft.rules.rules.iter().position(|it| it.group == GroupChoice::Seen(group.id)).map(|at| at + 1),
        below: sizes.get(&group.id).map(|size| words::members(*size)).unwrap_or_default(),
    };
    Ok(Picker {
        groups: offered.iter().map(offer).collect(),
        help: directory_words::group_search_help(counts.is_large()),
        empty: offered.is_empty().then(|| empty(call, draft, counts)),
        note: is_cut.then_some(words::MORE_GROUPS),
        roles: new_role_choices(call, draft.new_role.as_ref()),
    })
}

fn empty(call: &AdminCall, draft: &Draft, counts: Counts) -> Empty {
    match counts.total {
        0 => Empty {
            title: words::NO_GROUPS.to_owned(),
            text: words::NO_GROUPS_YET.to_owned(),
            step: Some((provisioning_href(call), "Open user provisioning")),
        },
        all => Empty {
            title: "No group found".to_owned(),
            text: words::not_found(&draft.sought, &several(all, "group", "groups")),
            step: None,
        },
    }
}
