//! The HTTP server: faces, middleware, and an end that lets requests finish.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{NormalizePath, from_fn};
use actix_web::{App, HttpServer, web as actix};
use anyhow::Context;
use domain::admission::BODY_SECONDS;
use domain::ops::{Doctor, SignIn};
use domain::store::Store;
use scim_api::{Cursors, Limits, ScimApi};
use scim_protocol::discovery::{BulkLimits, Capabilities};
use tenant_admin::TenantAdmin;

use crate::process_role::{ProcessRole, ProcessRoles};
use crate::runtime::RandomSecrets;
use crate::settings::{HttpSettings, Settings};
use crate::signal;
use crate::wiring::Rollcall;
use web::drain::Drain;
use web::limit::Limits as Budgets;

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Takes the port of the settings.
///
/// # Errors
/// One sentence that names the address when it is taken or may not be used.
pub fn bind(http: &HttpSettings) -> anyhow::Result<TcpListener> {
    let address = (http.host.as_str(), http.port);
    let listener = TcpListener::bind(address).with_context(|| {
        format!(
            "cannot listen on {}:{}; choose another http.host or http.port, or stop what uses it",
            http.host, http.port
        )
    })?;
    Ok(listener)
}

/// The SCIM face as the settings want it.
pub fn scim_api(settings: &Settings, rollcall: &Rollcall, budgets: Arc<Budgets>) -> ScimApi {
    let scim = &settings.scim;
    ScimApi {
        admissions: rollcall.admissions.clone(),
        provisioning: rollcall.provisioning(u64::from(scim.group_list_members_limit)),
        credentials: rollcall.credentials.clone(),
        activity: rollcall.activity.clone(),
        budgets,
        clock: rollcall.clock.clone(),
        addresses: rollcall.addresses.clone(),
        labels: rollcall.labels.clone(),
        limits: Limits {
            body: settings.http.body_limit_bytes,
            group_body: settings.http.group_body_limit_bytes,
            body_time: Duration::from_secs(BODY_SECONDS.into()),
            capabilities: Capabilities {
                default_page_size: scim.default_page_size,
                max_page_size: scim.max_page_size,
                cursor_timeout: scim.cursor_timeout_seconds,
                bulk: BulkLimits {
                    max_operations: scim.bulk_max_operations,
                    max_payload_size: scim.bulk_max_payload_bytes,
                },
            },
        },
        cursors: Cursors::new(rollcall.keys.clone(), scim.cursor_timeout_seconds),
    }
}

/// The settings face as the settings want it.
///
/// # Errors
/// One sentence about the vendor's logo.
pub fn tenant_admin(
    settings: &Settings,
    rollcall: &Rollcall,
    budgets: Arc<Budgets>,
    sign_in: &Arc<SignIn>,
) -> anyhow::Result<TenantAdmin> {
    Ok(TenantAdmin {
        connections: rollcall.connections.clone(),
        single_sign_on: Arc::new(rollcall.single_sign_on(budgets.limiter())),
        doctor: Doctor::new(rollcall.store.clone()),
        admissions: rollcall.admissions.clone(),
        sign_in: sign_in.clone(),
        people: rollcall.people.clone(),
        roles: rollcall.roles.clone(),
        settings: rollcall.switches.clone(),
        credentials: rollcall.credentials.clone(),
        jobs: rollcall.jobs.clone(),
        activity: rollcall.activity.clone(),
        directory: rollcall.directory.clone(),
        audit: rollcall.audit.clone(),
        domains: Arc::new(rollcall.domains(budgets.limiter())),
        clock: rollcall.clock.clone(),
        secrets: Arc::new(RandomSecrets),
        addresses: rollcall.addresses.clone(),
        labels: rollcall.labels.clone(),
        budgets,
        branding: settings.branding.branding()?,
    })
}

/// Starts to serve on a bound listener: the faces that the process is there for, and what tells how it is. The server ends by itself on SIGTERM and Ctrl-C, after the requests under way.
///
/// # Errors
/// When the listener cannot be used.
pub fn start(
    listener: TcpListener,
    settings: &Settings,
    rollcall: &Rollcall,
    budgets: Arc<Budgets>,
    sign_in: &Arc<SignIn>,
    roles: &ProcessRoles,
) -> anyhow::Result<Server> {
    let api = actix::Data::new(scim_api(settings, rollcall, budgets.clone()));
    let admin = actix::Data::new(tenant_admin(settings, rollcall, budgets, sign_in)?);
    let roles = roles.clone();
    let store: Arc<dyn Store> = rollcall.store.clone();
    let drain = Drain::default();
    let asked = drain.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(actix::Data::new(store.clone()))
            .app_data(actix::Data::new(drain.clone()))
            .wrap(from_fn(web::drain::close_connections))
            .wrap(NormalizePath::trim())
            .wrap(from_fn(web::measure::requests))
            .wrap(from_fn(web::trace::show_id))
            .wrap(web::trace::logger())
            .configure(web::health::routes)
            // First, since addresses are tried one after another, and there are a hundred pages (docs/performance.md).
            .configure(|config| {
                if roles.has(ProcessRole::Scim) {
                    scim_api::configure(config, &api);
                }
            })
            .configure(|config| {
                if roles.has(ProcessRole::Admin) {
                    tenant_admin::configure(config, &admin);
                }
            })
            .default_service(actix::to(scim_api::nowhere))
    });
    let server = server
        // On its own actix ends at once on Ctrl-C.
        .shutdown_signal(asked.after(signal::stop(), Duration::from_secs(settings.http.drain_seconds)))
        // Longer than proxies keep idle connections, so that none sends a request into one that is just being closed.
        .keep_alive(KEEP_ALIVE)
        .workers(settings.http.workers)
        .shutdown_timeout(settings.http.shutdown_grace_seconds);
    Ok(server.listen(listener)?.run())
}
