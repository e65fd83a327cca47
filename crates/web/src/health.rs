//! `/healthz`: the process answers. `/readyz`: it can serve.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use domain::store::Store;
use serde_json::json;

use crate::drain::Drain;

/// An unready answer has to come before the asker gives up.
const PATIENCE: Duration = Duration::from_secs(3);

/// Adds the two routes; they need no tenant and no token and say nothing about either.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/healthz", web::get().to(healthz)).route("/readyz", web::get().to(readyz));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "ok"}))
}

async fn readyz(store: web::Data<Arc<dyn Store>>, drain: web::Data<Drain>) -> HttpResponse {
    if drain.has_begun() {
        return HttpResponse::ServiceUnavailable().json(json!({"status": "stopping"}));
    }
    match actix_web::rt::time::timeout(PATIENCE, store.ping()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(json!({"status": "ready"})),
        Ok(Err(error)) => unready(&error.to_string()),
        Err(_) => unready("the database does not answer"),
    }
}

fn unready(why: &str) -> HttpResponse {
    tracing::warn!(why, "not ready");
    HttpResponse::ServiceUnavailable()
        .insert_header(("Retry-After", "5"))
        .json(json!({"status": "unready", "database": "away"}))
}
