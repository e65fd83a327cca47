//! Forms that may bring a file: `multipart/form-data` (RFC 7578).

use std::future::Future;
use std::pin::Pin;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::{StreamExt, TryStreamExt};
use sso::saml::metadata;

use crate::call::{AdminCall, read_body, require_same_origin};
use crate::error::PageError;
use crate::form::Form;

/// The most a file may hold, in bytes: more than that no identity provider's description has.
pub const LARGEST_FILE: usize = metadata::MAX_BYTES;
/// The most that all other fields may hold: a description that was pasted, each of its characters escaped.
const LARGEST_FIELDS: usize = 3 * LARGEST_FILE;
/// The most that is read at all. Of a file that is too large the rest is thrown away, so that the browser waits for the page
/// that says so.
const LONGEST: usize = 16 * LARGEST_FILE;
/// What is kept of somebody who has to sign in first.
const KEPT: usize = 16 * 1024;

/// What came as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// None was chosen.
    Absent,
    Text(String),
    /// It has more than [`LARGEST_FILE`] bytes.
    TooLarge,
    /// It is not UTF-8.
    NotText,
}

/// A request of an admin who sends a form of ours that may bring a file. Nothing of it is read before it is clear who it is.
pub struct Upload {
    pub call: AdminCall,
    pub form: Form,
    pub file: File,
}

impl FromRequest for Upload {
    type Error = PageError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, PageError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            require_same_origin(&request)?;
            match AdminCall::admit(request.clone()).await {
                Ok(call) => {
                    let (form, file) = read(&request, payload, LONGEST).await?;
                    call.require_own(&form)?;
                    Ok(Self { call, form, file })
                }
                Err(error) => {
                    // What was typed is kept over the signing in. A file is not: its page asks for it again.
                    let kept = read(&request, payload, KEPT).await.map(|(form, _)| form).unwrap_or_default();
                    request.extensions_mut().insert(kept);
                    Err(error)
                }
            }
        })
    }
}

/// Reads a form of at most `most` bytes, which may also come without a file as other forms do.
async fn read(request: &HttpRequest, payload: Payload, most: usize) -> Result<(Form, File), PageError> {
    let kind = request.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes().to_ascii_lowercase());
    if !kind.is_some_and(|kind| kind.starts_with(b"multipart/form-data")) {
        let form = Form::parse(&read_body(payload, most.min(LARGEST_FIELDS)).await?);
        return Ok((form, File::Absent));
    }
    let (mut fields, mut file, mut room) = (Vec::new(), File::Absent, LARGEST_FIELDS);
    let mut parts = Multipart::new(request.headers(), counted(payload, most));
    while let Some(mut part) = parts.try_next().await.map_err(fault)? {
        let disposition = part.content_disposition();
        let name = disposition.and_then(|it| it.get_name()).unwrap_or_default().to_owned();
        if disposition.is_some_and(|it| it.get_filename().is_some()) {
            file = read_file(&mut part).await?;
            continue;
        }
        let Ok(value) = part.bytes(room).await else { return Err(PageError::TooLarge) };
        let value = value.map_err(fault)?;
        room -= value.len();
        fields.push((name, String::from_utf8_lossy(&value).into_owned()));
    }
    Ok((Form::of(fields), file))
}

async fn read_file(part: &mut Field) -> Result<File, PageError> {
    let Ok(bytes) = part.bytes(LARGEST_FILE).await else { return Ok(File::TooLarge) };
    let bytes = bytes.map_err(fault)?;
    if bytes.is_empty() {
        return Ok(File::Absent);
    }
    Ok(match std::str::from_utf8(&bytes) {
        // Editors and Entra put a mark before it by which the encoding is told.
        Ok(text) => File::Text(text.trim_start_matches('\u{feff}').to_owned()),
        Err(_) => File::NotText,
    })
}

/// The payload up to so many bytes.
fn counted(payload: Payload, most: usize) -> impl futures_util::Stream<Item = Result<Bytes, PayloadError>> {
    let mut room = most;
    payload.map(move |chunk| {
        let chunk = chunk?;
        room = room.checked_sub(chunk.len()).ok_or(PayloadError::Overflow)?;
        Ok(chunk)
    })
}

fn fault(error: MultipartError) -> PageError {
    match error {
        MultipartError::Payload(PayloadError::Overflow) => PageError::TooLarge,
        _ => PageError::Cut,
    }
}
