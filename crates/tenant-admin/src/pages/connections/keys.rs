//! Our own keys for SAML.

use actix_web::HttpResponse;
use domain::connection::key::StoredSsoKey;
use domain::connection::saml::ShownCertificate;
use domain::ids::SsoKeyId;
use uuid::Uuid;

use super::{SETTINGS, list, refusal};
use crate::call::{AdminCall, Submission};
use crate::error::PageError;
use crate::pages::go;
use crate::parts::CopyField;
use crate::text::sign_on as words;
use crate::when::When;

pub struct KeyRow {
    pub fingerprint: String,
    pub use_word: &'static str,
    pub created: When,
    pub ends: When,
    /// Where it is removed; none for the only one.
    pub remove: Option<String>,
}

/// The keys, the newest first.
///
/// # Errors
/// Those of the store.
pub async fn rows(call: &AdminCall) -> Result<Vec<KeyRow>, PageError> {
    let keys = call.admin.connections.own_keys(&call.cx.scope).await?;
    let several = keys.len() > 1;
    let row = |(index, key): (usize, &StoredSsoKey)| {
        let shown = ShownCertificate::of(&key.certificate()?);
        Some(KeyRow {
            fingerprint: parted(&shown.fingerprint),
            use_word: use_of(index, keys.len()),
            created: When::new(key.created, call.cx.now),
            ends: When::new(shown.not_after, call.cx.now),
            remove: several.then(|| call.href(&format!("{SETTINGS}/keys/{}/remove", key.id))),
        })
    };
    Ok(keys.iter().enumerate().filter_map(row).collect())
}

/// What a key is used for: of two the older one signs, until the identity providers have the certificate of the newer one.
const fn use_of(place: usize, keys: usize) -> &'static str {
    match (place, keys) {
        (0, 2..) => "Decrypts. Signs when you remove the older one",
        _ => "Signs and decrypts",
    }
}

/// A fingerprint as tools show it.
pub fn parted(fingerprint: &str) -> String {
    let pairs: Vec<String> =
        fingerprint.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair).into_owned()).collect();
    pairs.join(":")
}

/// Where our metadata is.
pub fn metadata(call: &AdminCall) -> CopyField {
    CopyField {
        id: "metadata".to_owned(),
        label: "Our metadata".to_owned(),
        name: "metadata URL".to_owned(),
        value: call.admin.addresses.service(call.slug()).entity_id,
        help: "Holds all three values below and our certificates. Identity providers can read it from here.".to_owned(),
    }
}

/// `POST /settings/user-authentication/sso/keys`
pub async fn make(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    match call.admin.connections.add_key(&call.cx, call.tenant()).await {
        Ok(_) => Ok(go(&call.href(&format!("{SETTINGS}?done=key-made")))),
        Err(error) => list::refused(&call, refusal(error, words::NOT_SWITCHED)?).await,
    }
}

/// `POST /settings/user-authentication/sso/keys/{id}/remove`
pub async fn remove(submission: Submission) -> Result<HttpResponse, PageError> {
    let call = submission.call;
    let id = SsoKeyId(Uuid::try_parse(call.segment("id")).map_err(|_| PageError::NotFound)?);
    match call.admin.connections.remove_key(&call.cx, id).await {
        Ok(()) => Ok(go(&call.href(&format!("{SETTINGS}?done=key-removed")))),
        Err(error) => list::refused(&call, refusal(error, words::NOT_SWITCHED)?).await,
    }
}
