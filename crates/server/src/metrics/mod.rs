//! Measurements (ADR 0041): what collects them for the whole process, and the port where they are read.

pub mod catalogue;
mod here;
mod process;
pub mod tenants;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::{App, HttpResponse, HttpServer, web};
use anyhow::Context as _;
use metrics::counter;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use metrics_util::MetricKindMask;

pub use here::Here;

use crate::settings::MetricsSettings;

/// A gauge that nobody sets for so long is not shown any more: that of a tenant that is gone, or of work that is another
/// process's now. A look at all tenants takes less.
const FORGOTTEN: Duration = Duration::from_mins(5);

/// Where histograms are cut, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

/// What Prometheus reads.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The measurements of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Begins to collect. Before that, and where nobody asks for it, whatever is measured is dropped.
    ///
    /// # Errors
    /// One sentence: somebody collects already.
    pub fn collect() -> anyhow::Result<Self> {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).context("measurements cannot be collected")?;
        let recorder = builder.idle_timeout(MetricKindMask::GAUGE, Some(FORGOTTEN)).build_recorder();
        let collected = Self(recorder.handle());
        metrics::set_global_recorder(recorder).context("measurements are collected already")?;
        catalogue::describe();
        // What has not happened is known not to have happened, so that the first time is seen as a rise.
        for kind in ["contention", "locked", "too_slow", "unavailable", "internal"] {
            counter!("rollcall_database_errors_total", "kind" => kind).increment(0);
        }
        Ok(collected)
    }

    /// Puts in order what has come together; to be called now and then, also where nobody reads.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

/// Takes the port of the settings; none without one.
///
/// # Errors
/// One sentence that names the address when it is taken or may not be used.
pub fn bind(settings: &MetricsSettings) -> anyhow::Result<Option<TcpListener>> {
    let Some(port) = settings.port else { return Ok(None) };
    let listener = TcpListener::bind((settings.host.as_str(), port)).with_context(|| {
        format!(
            "cannot listen on {}:{port}; choose another metrics.host or metrics.port, or stop what uses it",
            settings.host
        )
    })?;
    Ok(Some(listener))
}

/// Shows the measurements to whoever asks. It ends with the process, so that the last requests are seen too.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(listener: TcpListener, collected: &Metrics, here: Here) -> anyhow::Result<Server> {
    let (collected, here) = (collected.clone(), Arc::new(here));
    let server = HttpServer::new(move || {
        let (collected, here) = (collected.clone(), here.clone());
        App::new().route(
            "/metrics",
            web::get().to(move || {
                here.measure();
                let answer = HttpResponse::Ok().content_type(TEXT).body(collected.0.render());
                async { answer }
            }),
        )
    });
    Ok(server.workers(1).disable_signals().listen(listener)?.run())
}
