//! The forms of a connection's page.

use actix_web::HttpResponse;
use domain::Secret;
use domain::connection::{IdentityClaim, Rules, Setup, return_addresses};
use domain::ops::{OidcInput, SamlInput};

use super::{asked, asked_id, href, one, refusal};
use crate::call::Submission;
use crate::error::PageError;
use crate::form::Form;
use crate::pages::go;
use crate::pages::sign_in::Refusal;
use crate::text::sign_on as words;
use crate::upload::{File, LARGEST_FILE, Upload};

/// `POST /settings/user-authentication/sso/{id}/saml`
pub async fn saml(upload: Upload) -> Result<HttpResponse, PageError> {
    let Upload { call, form, file } = upload;
    let id = asked_id(&call)?;
    let exact = |name: &str| form.exact(name).to_owned();
    let (input, at_fault) = match form.text("source") {
        "document" => match document(file, exact("document")) {
            Ok((document, field)) => (SamlInput::Document(document), Some(field)),
            Err((why, field)) => {
                let refusal = Refusal { title: words::NOT_SAVED, message: why.to_owned() };
                return one::refused_field(&call, refusal, &form, field).await;
            }
        },
        "hand" => {
            let (entity_id, sso_url) = (exact("entity_id"), exact("sso_url"));
            (SamlInput::Hand { entity_id, sso_url, certificates: exact("certificates") }, None)
        }
        "url" => (SamlInput::Url(exact("url")), Some("url")),
        _ => {
            let refusal = Refusal { title: words::NOT_SAVED, message: words::CHOOSE_AGAIN.to_owned() };
            return one::refused(&call, refusal, None).await;
        }
    };
    match (call.admin.connections.set_saml(&call.cx, id, seen(&form), input).await, at_fault) {
        (Ok(_), _) => Ok(go(&format!("{}?done=saved", href(&call, id)))),
        (Err(error @ domain::Error::NotAllowed(_)), Some(field)) => {
            one::refused_field(&call, refusal(error, words::NOT_SAVED)?, &form, field).await
        }
        (Err(error), _) => one::refused(&call, refusal(error, words::NOT_SAVED)?, Some(&form)).await,
    }
}

/// The description that somebody gave, and the field it came by: a file goes before what stands in the field beside it. The
/// error says why it cannot be read.
fn document(file: File, pasted: String) -> Result<(String, &'static str), (&'static str, &'static str)> {
    match file {
        File::Text(text) => Ok((text, "file")),
        File::TooLarge => Err((words::FILE_TOO_LARGE, "file")),
        File::NotText => Err((words::FILE_NOT_TEXT, "file")),
        File::Absent if pasted.trim().is_empty() => Err((words::NO_FILE, "file")),
        File::Absent if pasted.len() > LARGEST_FILE => Err((words::FILE_TOO_LARGE, "document")),
        File::Absent => Ok((pasted, "document")),
    }
}

/// `POST /settings/user-authentication/sso/{id}/oidc`
pub async fn oidc(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let id = asked_id(&call)?;
    let secret = form.exact("secret");
    let input = OidcInput {
        issuer: form.text("issuer").to_owned(),
        client_id: form.text("client_id").to_owned(),
        secret: (!secret.is_empty()).then(|| Secret::new(secret.to_owned())),
    };
    match call.admin.connections.set_oidc(&call.cx, id, seen(&form), input).await {
        Ok(_) => Ok(go(&format!("{}?done=saved", href(&call, id)))),
        Err(error) => one::refused(&call, refusal(error, words::NOT_SAVED)?, Some(&form)).await,
    }
}

/// `POST /settings/user-authentication/sso/{id}/rules`
pub async fn rules(submission: Submission) -> Result<HttpResponse, PageError> {
    let Submission { call, form } = submission;
    let known = asked(&call).await?;
    let id = known.id;
    // A field that a form does not have is left as it is: the name has a form of its own.
    let has_rules = form.is_ticked("return_addresses");
    let saved = match return_addresses(form.exact("return_addresses")) {
        Ok(_) if !has_rules => {
            let signs = matches!(&known.setup, Setup::Saml(saml) if saml.signs_requests);
            call.admin.connections.set_rules(&call.cx, id, seen(&form), form.text("name"), known.rules, signs).await
        }
        Err(why) => Err(domain::Error::NotAllowed(why)),
        Ok(return_addresses) => {
            let rules = Rules {
                identity: IdentityClaim::named(form.text("identity")).unwrap_or(known.rules.identity),
                idp_initiated: form.is_ticked("idp_initiated"),
                return_addresses,
                creates_people: form.is_ticked("creates_people"),
            };
            let signs = form.is_ticked("signs_requests") && matches!(known.setup, Setup::Saml(_));
            let name = if form.is_ticked("name") { form.text("name") } else { &known.name };
            call.admin.connections.set_rules(&call.cx, id, seen(&form), name, rules, signs).await
        }
    };
    match saved {
        Ok(_) => Ok(go(&format!("{}?done=saved", href(&call, id)))),
        Err(error) => one::refused(&call, refusal(error, words::NOT_SAVED)?, Some(&form)).await,
    }
}

fn seen(form: &Form) -> Option<i64> {
    form.text("seen").parse().ok()
}
