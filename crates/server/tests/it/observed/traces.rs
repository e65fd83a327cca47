//! Traces, from the caller through a server to a collector.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::Value;
use testkit::db::TestDatabase;
use testkit::on_both_databases;

use super::collector::{Collector, attribute};
use crate::binary::{Home, Running};
use crate::caller::Caller;
use crate::patience::until;

on_both_databases! { TestDatabase:
    a_request_and_what_it_asks_the_database_are_spans_of_the_callers_trace,
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// A server that traces, and a tenant of it.
struct Traced {
    collector: Collector,
    server: Running,
    token: String,
    _home: Home,
}

impl Traced {
    /// `ratio`: of requests whose callers do not say.
    async fn start(home: Home, ratio: &str) -> Self {
        let collector = Collector::start().await;
        let home = home
            .set("ROLLCALL__TELEMETRY__OTLP_ENDPOINT", &collector.url())
            .set("ROLLCALL__TELEMETRY__TRACE_RATIO", ratio);
        let created = home.json(&["tenant", "create", "acme", "--with-token"]);
        let token = created["token"].as_str().unwrap().to_owned();
        Self { collector, server: home.serve(), token, _home: home }
    }

    fn caller(&self) -> Caller {
        self.server.caller("acme", &self.token)
    }

    /// A client that is traced itself, or says that it is not.
    fn traced_caller(&self, is_sampled: bool) -> Caller {
        let flags = if is_sampled { "01" } else { "00" };
        self.caller().with("traceparent", &format!("00-{TRACE}-{CALLER}-{flags}"))
    }

    /// Stops the server, which sends what is left; gives its log and all spans.
    fn stop(self) -> (Vec<Value>, Vec<Span>, Collector) {
        let lines = self.server.stop();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (lines, self.collector.spans(), self.collector)
    }
}

fn answered<'l>(lines: &'l [Value], id: &str) -> &'l Value {
    lines.iter().find(|line| line["request.id"] == id && line["message"] == "answered").unwrap()
}

async fn a_request_and_what_it_asks_the_database_are_spans_of_the_callers_trace(database: &TestDatabase) {
    let traced = Traced::start(Home::on(database.target()), "0").await;
    let created = traced.traced_caller(true).create_user("ada@acme.example").await.expect(201);
    let path = format!("/Users/{}?filter=hunter2", created.id());
    let answer = traced.traced_caller(true).get(&path).await.expect(200);
    let id = answer.header("x-request-id").unwrap().to_owned();
    let (lines, spans, collector) = traced.stop();

    let request = spans.iter().find(|span| attribute(span, "request.id").as_deref() == Some(&id)).unwrap();
    assert_eq!((hex::encode(&request.trace_id), hex::encode(&request.parent_span_id)), (TRACE.into(), CALLER.into()));
    assert_eq!((request.name.as_str(), request.kind()), ("GET /scim/v2/{endpoint}/{id}", SpanKind::Server));
    let told = |name: &str| attribute(request, name).unwrap_or_else(|| panic!("{name}: {request:?}"));
    assert_eq!((told("tenant.slug"), told("http.request.method")), ("acme".into(), "GET".into()));
    assert_eq!(
        (told("http.route"), told("http.response.status_code")),
        ("/scim/v2/{endpoint}/{id}".into(), "200".into())
    );
    assert_eq!(told("actor.kind"), "token");
    assert!(request.end_time_unix_nano > request.start_time_unix_nano);

    let children = |of: &Span| {
        let of = of.span_id.clone();
        spans.iter().filter(move |span| span.parent_span_id == of).collect::<Vec<_>>()
    };
    let asked = children(request);
    assert!(asked.iter().any(|span| span.name == "read" && span.kind() == SpanKind::Client), "{asked:?}");
    assert!(asked.iter().all(|span| span.trace_id == request.trace_id), "{asked:?}");
    let written = spans.iter().find(|span| span.name == "POST /scim/v2/{endpoint}").unwrap();
    assert!(children(written).iter().any(|span| ["change", "commit"].contains(&span.name.as_str())), "{spans:?}");

    assert_eq!(collector.resource("service.name").as_deref(), Some("rollcall"));
    assert_eq!(answered(&lines, &id)["trace.id"], TRACE);
    let all = format!("{spans:?}");
    for secret in ["ada@", "hunter2", "Bearer", created.id().as_str()] {
        assert!(!all.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_traced_himself_is_not_traced_here_and_a_new_trace_is_begun_for_who_does_not_say() {
    let traced = Traced::start(Home::empty(), "1").await;
    let unsampled = traced.traced_caller(false).get("/Users").await.expect(200);
    let silent = traced.caller().get("/Users").await.expect(200);
    let nonsense = traced.caller().with("traceparent", "00-zz-zz-01").get("/Users").await.expect(200);
    // Without being told to stop it sends within seconds.
    until("spans to be sent", async || (!traced.collector.spans().is_empty()).then_some(())).await;
    let (lines, spans, _) = traced.stop();

    let ids = [&unsampled, &silent, &nonsense].map(|answer| answer.header("x-request-id").unwrap());
    let of = |id: &str| spans.iter().find(|span| attribute(span, "request.id").as_deref() == Some(id));
    assert_eq!(ids.map(|id| of(id).is_some()), [false, true, true]);
    assert!(ids[1..].iter().all(|id| of(id).unwrap().parent_span_id.is_empty()));
    assert_eq!(answered(&lines, ids[0])["trace.id"], TRACE, "the log knows the caller's trace all the same");
    for id in &ids[1..] {
        assert_eq!(answered(&lines, id)["trace.id"], hex::encode(&of(id).unwrap().trace_id));
    }
    let roots = spans.iter().filter(|span| span.parent_span_id.is_empty());
    assert!(roots.clone().all(|span| attribute(span, "request.id").is_some()), "work of its own is not traced");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_one_warning() {
    let home = Home::empty()
        .set("ROLLCALL__TELEMETRY__OTLP_ENDPOINT", "http://127.0.0.1:1")
        .set("ROLLCALL__TELEMETRY__TRACE_RATIO", "1");
    let created = home.json(&["tenant", "create", "acme", "--with-token"]);
    let server = home.serve();
    let caller = server.caller("acme", created["token"].as_str().unwrap());
    caller.get("/Users").await.expect(200);
    let warned = || server.log().matches("traces cannot be sent").count();
    until("the warning", async || (warned() > 0).then_some(())).await;
    caller.get("/Users").await.expect(200);
    let log = server.stop();
    assert_eq!(log.matches("traces cannot be sent").count(), 1, "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_collector_the_log_says_which_trace_of_its_caller_a_request_belongs_to() {
    let home = Home::empty();
    let created = home.json(&["tenant", "create", "acme", "--with-token"]);
    let server = home.serve();
    let caller = server.caller("acme", created["token"].as_str().unwrap());
    let told = caller.clone().with("traceparent", &format!("00-{TRACE}-{CALLER}-01")).get("/Users").await.expect(200);
    let silent = caller.get("/Users").await.expect(200);
    let id = |answer: &crate::caller::Answer| answer.header("x-request-id").unwrap().to_owned();
    let lines = server.lines();
    assert_eq!(answered(&lines, &id(&told))["trace.id"], TRACE);
    assert!(answered(&lines, &id(&silent)).get("trace.id").is_none());
}
