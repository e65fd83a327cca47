//! What pages load: a sheet, a script, the vendor's logo and colours. Each has the digest of its content in its address,
//! so that browsers keep it for ever and never keep an old one.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::TenantAdmin;
use crate::branding::Branding;

const SHEET: &[u8] = include_bytes!("../assets/settings.css");
const SCRIPT: &[u8] = include_bytes!("../assets/settings.js");

/// The addresses of what a page loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assets {
    pub sheet: String,
    pub script: String,
    pub logo: String,
    /// The sheet of the vendor's own colour.
    pub brand: Option<String>,
}

impl Assets {
    /// `prefix`: the path of the public URL, empty for most.
    pub fn of(branding: &Branding, prefix: &str) -> Self {
        let address = |name: &str, bytes: &[u8]| format!("{prefix}/assets/{}/{name}", digest(bytes));
        Self {
            sheet: address("settings.css", SHEET),
            script: address("settings.js", SCRIPT),
            logo: address("logo", &branding.logo.bytes),
            brand: branding.accent.map(|colour| address("brand.css", colour.sheet().as_bytes())),
        }
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes)).chars().take(16).collect()
}

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/{digest}/{name}", web::get().to(serve));
}

async fn serve(request: HttpRequest, admin: web::Data<TenantAdmin>, path: web::Path<(String, String)>) -> HttpResponse {
    let (asked, name) = path.into_inner();
    let branding = &admin.branding;
    let found = match name.as_str() {
        "settings.css" => Some((SHEET.to_vec(), "text/css; charset=utf-8")),
        "settings.js" => Some((SCRIPT.to_vec(), "text/javascript; charset=utf-8")),
        "logo" => Some((branding.logo.bytes.clone(), branding.logo.media_type)),
        "brand.css" => branding.accent.map(|colour| (colour.sheet().into_bytes(), "text/css; charset=utf-8")),
        _ => None,
    };
    let Some((bytes, media_type)) = found else { return HttpResponse::NotFound().finish() };
    let digest = digest(&bytes);
    let tag = format!("\"{digest}\"");
    if request.headers().get("if-none-match").is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return HttpResponse::NotModified().insert_header((ETAG, tag)).finish();
    }
    // While a fleet is upgraded, a page of one version may load from a process of the other: it gets what there is.
    let kept = if asked == digest { "public, max-age=31536000, immutable" } else { "no-cache" };
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CACHE_CONTROL, kept))
        .insert_header((ETAG, tag))
        .body(bytes)
}
