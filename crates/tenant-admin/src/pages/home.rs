//! S0: whether it is on, whether it works, what to do next.

use actix_web::HttpResponse;
use askama::Template;

use crate::call::AdminCall;
use crate::error::PageError;
use crate::frame::{Frame, Spot, Tab};
use crate::pages::page;
use crate::parts::Icon;
use crate::text;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    frame: Frame,
}

/// `GET /settings/user-authentication`
pub async fn show(call: AdminCall) -> Result<HttpResponse, PageError> {
    page(&HomePage { frame: Frame::new(&call, Spot::Tab(Tab::Overview), text::USER_AUTHENTICATION, &[]) })
}
