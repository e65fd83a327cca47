//! One account: its role, its ways in, and its end.

use actix_web::HttpResponse;
use askama::Template;
use domain::admin::{Admin, AdminRole};

use super::{ADMINS, Choice, LinkPage, asked, choices, href, is_own, require, state, try_mail};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::frame::{Frame, Spot, initials};
use crate::pages::{go, page};
use crate::parts::{Icon, Pill};
use crate::text::{self, admins as words};
use crate::when::When;

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    frame: Frame,
    href: String,
    initials: String,
    name: String,
    email: String,
    role: String,
    state: Pill,
    is_invited: bool,
    is_own: bool,
    has_second_step: bool,
    created: When,
    last: Option<When>,
    choices: Vec<Choice>,
    /// Why nothing can be changed; empty when it can.
    lacks: &'static str,
}

#[derive(Template)]
#[template(path = "admin_remove.html")]
struct RemovePage {
    frame: Frame,
    href: String,
    name: String,
    is_own: bool,
}

/// `GET /settings/admins/{id}`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    let admin = asked(&call).await?;
    let may = call.may(admin.role.managed_with());
    page(&AdminPage {
        frame: frame(&call, &admin, admin.shown_name()),
        href: href(&call, admin.id),
        initials: initials(admin.shown_name()),
        name: admin.shown_name().to_owned(),
        email: admin.email.to_string(),
        role: admin.role.to_string(),
        state: state(&admin),
        is_invited: call.admin.people.needs_invitation(call.tenant(), &admin).await?,
        is_own: is_own(&call, &admin),
        has_second_step: admin.has_second_step,
        created: When::new(admin.created, call.cx.now),
        last: admin.last_sign_in.map(|at| When::new(at, call.cx.now)),
        choices: choices(&call, admin.role),
        lacks: if may { "" } else { text::lacks(admin.role.managed_with()) },
    })
}

/// `POST /settings/admins/{id}/role`
pub async fn set_role(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let admin = asked(&call).await?;
    require(&call, admin.role.managed_with())?;
    let role = AdminRole::named(form.text("role")).ok_or(PageError::NotFound)?;
    require(&call, role.managed_with())?;
    call.admin.people.set_role(&call.cx, admin.id, role).await?;
    Ok(go(&format!("{}?done=role", href(&call, admin.id))))
}

/// `POST /settings/admins/{id}/link`: an invitation anew, or a link to another password.
pub async fn make_link(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let admin = asked(&call).await?;
    require(&call, admin.role.managed_with())?;
    try_mail(&call, &admin.email).await?;
    let (people, sign_in) = (&call.admin.people, call.admin.addresses.sign_in_url(call.slug()));
    let (made, title) = match people.needs_invitation(call.tenant(), &admin).await? {
        true => (people.invite_again(&call.cx, call.tenant(), admin.id, &sign_in).await?, words::INVITATION),
        false => (people.reset(&call.cx, call.tenant(), admin.id, &sign_in).await?, words::RESET),
    };
    page(&LinkPage::new(&call, &admin, &made, title))
}

/// `POST /settings/admins/{id}/second-step-off`
pub async fn drop_second_step(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let admin = asked(&call).await?;
    require(&call, admin.role.managed_with())?;
    call.admin.people.drop_second_step(&call.cx, admin.id).await?;
    Ok(go(&format!("{}?done=second-step-off", href(&call, admin.id))))
}

/// `GET /settings/admins/{id}/remove`
pub async fn ask_to_remove(call: AdminCall) -> Result<HttpResponse, PageError> {
    let admin = asked(&call).await?;
    require(&call, admin.role.managed_with())?;
    page(&RemovePage {
        frame: frame(&call, &admin, words::REMOVE),
        href: href(&call, admin.id),
        name: admin.shown_name().to_owned(),
        is_own: is_own(&call, &admin),
    })
}

/// `POST /settings/admins/{id}/remove`
pub async fn remove(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let admin = asked(&call).await?;
    require(&call, admin.role.managed_with())?;
    call.admin.people.remove(&call.cx, admin.id).await?;
    // Whoever removes themselves is sent to the sign-in.
    Ok(go(&call.href(&format!("{ADMINS}?done=removed"))))
}

fn frame(call: &AdminCall, admin: &Admin, title: &str) -> Frame {
    let own = format!("{ADMINS}/{}", admin.id);
    let below = [(ADMINS, text::ADMINS), (own.as_str(), admin.shown_name())];
    Frame::new(call, Spot::Admins, title, &below)
}
