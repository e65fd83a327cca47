//! Traces (ADR 0041): spans of requests and of what they ask the database, to a collector by OTLP over HTTP.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::trace::{SpanKind, Status, TracerProvider as _};
use opentelemetry::{KeyValue, Value, global};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider, SpanData, SpanExporter};
use tokio::runtime::Handle;
use tracing::Metadata;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::settings::TelemetrySettings;

/// How long the collector may take for one batch, and how long the last one is waited for in the end.
const PATIENCE: Duration = Duration::from_secs(3);

/// The fields of our spans that leave the house, as OpenTelemetry calls them. Addresses are not among them, for clients put
/// into them what they like.
const ATTRIBUTES: [(&str, &str); 9] = [
    ("request.id", "request.id"),
    ("http.method", "http.request.method"),
    ("http.route", "http.route"),
    ("http.status", "http.response.status_code"),
    ("tenant.id", "tenant.id"),
    ("tenant.slug", "tenant.slug"),
    ("actor.kind", "actor.kind"),
    ("scim.type", "scim.type"),
    ("db.operation", "db.operation.name"),
];

/// What a span is called by that lacks a word for it.
const NOTHING: &str = "?";

/// Whether spans are traced, and what sends them.
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Begins to send, if the settings name a collector. Needs a runtime to be entered, which sends.
    ///
    /// # Errors
    /// [`ExporterBuildError`]: the address is of no use.
    pub fn begin(settings: &TelemetrySettings) -> Result<Self, ExporterBuildError> {
        // Also where nothing is sent: the log says which trace of its caller a request belongs to.
        global::set_text_map_propagator(TraceContextPropagator::new());
        let Some(collector) = &settings.otlp_endpoint else { return Ok(Self(None)) };
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(Sender::new()?)
            .with_endpoint(format!("{}/v1/traces", collector.trim_end_matches('/')))
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(PATIENCE)
            .build()?;
        let resource = Resource::builder()
            .with_service_name("rollcall")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.trace_ratio)));
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Plain(exporter))
            .with_sampler(sampler)
            .with_resource(resource)
            .build();
        Ok(Self(Some(provider)))
    }

    /// What takes the spans from those who open them.
    pub fn layer(&self) -> Option<Box<dyn Layer<Registry> + Send + Sync>> {
        let tracer = self.0.as_ref()?.tracer("rollcall");
        let layer = tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_context_activation(false)
            .with_tracked_inactivity(false)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false);
        Some(only_traced(layer).boxed())
    }

    /// Sends what is left.
    pub async fn end(self) {
        let Some(provider) = self.0 else { return };
        // It blocks until the runtime has sent the last batch.
        let ended = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE)).await;
        if !matches!(ended, Ok(Ok(()))) {
            tracing::warn!("the last traces could not be sent");
        }
    }
}

/// Events stay in the log; spans are those of requests and of what they ask the database.
fn only_traced<S, L>(layer: L) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    L: Layer<S>,
{
    let is_traced = |metadata: &Metadata<'_>| metadata.is_span() && matches!(metadata.name(), "request" | "database");
    layer.with_filter(filter_fn(is_traced).with_max_level_hint(LevelFilter::DEBUG))
}

/// Says of each span what may leave the house, in OpenTelemetry's words.
#[derive(Debug)]
struct Plain<E>(E);

impl<E: SpanExporter> SpanExporter for Plain<E> {
    fn export(&self, batch: Vec<SpanData>) -> impl Future<Output = OTelSdkResult> + Send {
        self.0.export(batch.into_iter().map(plain).collect())
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn plain(mut span: SpanData) -> SpanData {
    span.attributes.retain_mut(|attribute| {
        let known = ATTRIBUTES.iter().find(|(ours, _)| *ours == attribute.key.as_str());
        known.is_some_and(|(_, theirs)| {
            attribute.key = (*theirs).into();
            true
        })
    });
    let value = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.clone())
    };
    if span.name == "request" {
        let name = ["http.request.method", "http.route"]
            .map(|part| value(part).map_or(NOTHING.to_owned(), |it| it.to_string()));
        let is_failed = matches!(value("http.response.status_code"), Some(Value::I64(500..)));
        span.name = Cow::Owned(name.join(" "));
        span.span_kind = SpanKind::Server;
        span.status = if is_failed { Status::error("") } else { Status::Unset };
    } else {
        span.name = value("db.operation.name").map_or(NOTHING.into(), |it| it.to_string().into());
        span.span_kind = SpanKind::Client;
    }
    span
}

/// Sends batches with our own client. The library sends from a thread of its own, where no runtime is.
#[derive(Debug)]
struct Sender {
    http: reqwest::Client,
    runtime: Handle,
    /// Whether the last batch did not arrive, which is told once.
    is_failing: AtomicBool,
}

impl Sender {
    fn new() -> Result<Self, ExporterBuildError> {
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let http = http.build().map_err(|error| ExporterBuildError::InternalFailure(error.to_string()))?;
        Ok(Self { http, runtime: Handle::current(), is_failing: AtomicBool::new(false) })
    }

    fn tell(&self, failure: Option<&str>) {
        match (self.is_failing.swap(failure.is_some(), Ordering::Relaxed), failure) {
            (false, Some(reason)) => {
                tracing::warn!(reason, "traces cannot be sent; those of this time are lost");
            }
            (true, None) => tracing::info!("traces are sent again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let request = self.http.request(head.method, head.uri.to_string()).headers(head.headers).body(body);
        let sent = self.runtime.spawn(async move {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        });
        let answered = sent.await.map_err(HttpError::from)?;
        match &answered {
            Ok((status, _)) if status.is_success() => self.tell(None),
            Ok((status, _)) => self.tell(Some(&format!("the collector answered {status}"))),
            Err(error) => self.tell(Some(&reason(error))),
        }
        let (status, body) = answered?;
        let mut response = Response::new(body);
        *response.status_mut() = status;
        Ok(response)
    }
}

/// What lies at the bottom of an error, which says more than that nothing was sent.
fn reason(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use opentelemetry::trace::SpanId;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Keeps what it is given.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<Vec<SpanData>>>);

    impl SpanExporter for Kept {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            self.0.lock().unwrap().extend(batch);
            Ok(())
        }
    }

    /// What is sent of the spans that somebody opens.
    fn sent(work: impl FnOnce()) -> Vec<SpanData> {
        let kept = Kept::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(Plain(kept.clone())).build();
        let layer = Traces(Some(provider)).layer().unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), work);
        kept.0.lock().unwrap().clone()
    }

    #[test]
    fn spans_say_what_is_allowed_and_nothing_else() {
        let spans = sent(|| {
            let request = tracing::info_span!(
                "request",
                request.id = "r-1",
                http.method = "GET",
                http.path = "/t/acme/scim/v2/Users/ada@acme.example",
                http.route = tracing::field::Empty,
                http.status = tracing::field::Empty,
                actor.id = "ada@acme.example",
            );
            request.record("http.route", "/scim/v2/{endpoint}/{id}");
            request.record("http.status", 503_i64);
            let _inside = request.entered();
            tracing::error!(error = "ada@acme.example", "the database is away");
            tracing::debug_span!("database", db.operation = "read").in_scope(|| {});
            tracing::info_span!("other", secret = "hunter2").in_scope(|| {});
        });
        let [database, request] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((database.name.as_ref(), database.parent_span_id), ("read", request.span_context.span_id()));
        assert_eq!((request.name.as_ref(), request.parent_span_id), ("GET /scim/v2/{endpoint}/{id}", SpanId::INVALID));
        assert_eq!((&request.span_kind, &request.status), (&SpanKind::Server, &Status::error("")));
        let mut names: Vec<_> = request.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["http.request.method", "http.response.status_code", "http.route", "request.id"]);
        let all = format!("{spans:?}");
        assert!(!all.contains("ada@") && !all.contains("hunter2"), "{all}");
    }
}
