//! Who is outside of the verified domains.

use actix_web::HttpResponse;
use askama::Template;
use domain::directory::StoredResource;
use domain::ops::Standing;

use super::DOMAINS;
use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab, initials};
use crate::lists::{Empty, pieces};
use crate::pages::directory::{naming, person_href, state_word};
use crate::pages::page;
use crate::parts::{Icon, Word};
use crate::text::domains as words;

/// How many people are shown.
const MOST: usize = 200;

struct Row {
    href: String,
    initials: String,
    name: String,
    state: Word,
    addresses: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "domains/outside.html")]
struct OutsidePage {
    frame: Frame,
    lead: &'static str,
    told: String,
    rows: Vec<Row>,
    empty: Empty,
}

/// `GET …/domains/outside`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let outsiders = call.admin.domains.outsiders(&call.cx.scope, MOST).await?;
    let has_verified = !call.tenant().domains.verified.is_empty();
    let (title, text) = match has_verified {
        true => (words::NOBODY_OUTSIDE_TITLE, words::NOBODY_OUTSIDE),
        false => (words::NOTHING_TO_COMPARE_TITLE, words::NOTHING_TO_COMPARE),
    };
    page(&OutsidePage {
        frame: Frame::new(&call, Spot::Tab(Tab::Domains), words::OUTSIDERS, &[]),
        lead: words::OUTSIDERS_LEAD,
        told: words::outsiders(outsiders.people.len(), outsiders.has_more),
        rows: outsiders.people.iter().map(|person| row(&call, person)).collect(),
        empty: Empty {
            title: title.to_owned(),
            text: text.to_owned(),
            step: Some((call.href(DOMAINS), words::TO_DOMAINS)),
        },
    })
}

fn row(call: &AdminCall, person: &StoredResource) -> Row {
    let (name, _) = naming(person);
    let mut outside: Vec<&str> =
        person.addresses().filter(|address| call.tenant().domains.is_outside(address)).collect();
    outside.dedup();
    Row {
        href: person_href(call, person.id),
        initials: initials(&name),
        name,
        state: state_word(Standing::of(person)),
        addresses: outside.into_iter().map(pieces).collect(),
    }
}
