use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::mpsc,
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use serde_json::{Value, from_value, json};
use url::Url;

use super::{Observer, play, run};
use crate::replay::{
    client::ScimClient,
    error::ReplayError,
    report::{Outcome, StepResult, Summary},
    scenario::Scenario,
};

const TOKEN: &str = "scim_t0ken_s3cret";

/// A server that creates users, forgets them, and repeats to the caller what it was sent.
struct FakeServer {
    base_url: Url,
    handle: ServerHandle,
    seen: mpsc::Receiver<String>,
}

impl FakeServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = Url::parse(&format!("http://{}/scim/v2/", listener.local_addr().unwrap())).unwrap();
        let (tell, seen) = mpsc::channel();
        let app = move || {
            let tell = tell.clone();
            App::new().default_service(web::to(move |request: HttpRequest, body: String| {
                tell.send(told(&request, &body)).unwrap();
                async move { answer(&request, &body) }
            }))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { base_url, handle, seen }
    }

    async fn play(&self, steps: Value) -> Summary {
        let client = ScimClient::new(&self.base_url, &TOKEN.into()).unwrap();
        play(&client, &[scenario(steps)], &mut ()).await.unwrap()
    }

    async fn stop(&self) {
        self.handle.stop(false).await;
    }
}

fn told(request: &HttpRequest, body: &str) -> String {
    let agent = request.headers().get("user-agent").map(|agent| agent.to_str().unwrap());
    format!("{} {} {} {body}", request.method(), request.uri(), agent.unwrap_or("-"))
}

fn answer(request: &HttpRequest, body: &str) -> HttpResponse {
    let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let scim = |status: u16, body: Value| {
        let status = actix_web::http::StatusCode::from_u16(status).unwrap();
        HttpResponse::build(status).content_type("application/scim+json").body(body.to_string())
    };
    match (request.method().as_str(), request.path()) {
        (_, "/scim/v2/Users") if authorization.is_none() => scim(401, error("401", "who are you?")),
        ("POST", "/scim/v2/Users") => {
            let mut user: Value = serde_json::from_str(body).unwrap();
            user["id"] = json!("u 1");
            user["plain"] = json!("u1");
            scim(201, user)
        }
        ("GET", "/scim/v2/Users/u1") => scim(200, json!({"id": "u1", "echo": authorization})),
        ("PATCH", "/scim/v2/Users/u1") => HttpResponse::NoContent().finish(),
        ("GET", "/scim/v2/Broken") => HttpResponse::InternalServerError().body("oops"),
        ("GET", "/scim/v2/Moved") => HttpResponse::Found().insert_header(("location", "/scim/v2/Users/u1")).finish(),
        _ => scim(404, error("404", &format!("nothing here for {}", authorization.unwrap_or_default()))),
    }
}

fn error(status: &str, detail: &str) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": status, "detail": detail})
}

fn scenario(steps: Value) -> Scenario {
    let about = json!({"file": "fake.json", "title": "Fake", "client": "fake", "covers": ""});
    Scenario { about: from_value(about).unwrap(), steps: from_value(steps).unwrap() }
}

fn step(method: &str, path: &str, status: u16) -> Value {
    json!({"name": "a step", "request": {"method": method, "path": path}, "expect": {"status": [status]}})
}

fn create() -> Value {
    json!({
        "name": "create",
        "request": {"method": "POST", "path": "/Users", "body": {"userName": "ada.{{run}}"}},
        "expect": {"status": [201], "json": [{"ptr": "/userName", "equals": "ada.{{run}}"}]},
        "capture": {"id": "/plain", "none": "/absent"},
    })
}

fn steps(summary: &Summary) -> &[StepResult] {
    &summary.scenarios[0].steps
}

#[actix_web::test]
async fn what_a_step_captures_is_used_by_the_next() {
    let server = FakeServer::start();
    let read = step("GET", "/Users/{{id}}", 200);
    let patch = step("PATCH", "/Users/{{id}}", 204);
    let summary = server.play(json!([create(), read, patch])).await;
    assert!(summary.all_passed(), "{summary:?}");
    assert_eq!(steps(&summary)[1].path, "/Users/u1");
    assert_eq!(steps(&summary)[2].status, Some(204));
    server.stop().await;
}

#[actix_web::test]
async fn a_step_whose_variable_nobody_captured_is_blocked_and_the_rest_goes_on() {
    let server = FakeServer::start();
    let summary =
        server.play(json!([create(), step("GET", "/Users/{{none}}", 200), step("GET", "/Nothing", 404)])).await;
    let outcomes: Vec<Outcome> = steps(&summary).iter().map(|step| step.outcome).collect();
    assert_eq!(outcomes, [Outcome::Passed, Outcome::Blocked, Outcome::Passed]);
    assert_eq!(steps(&summary)[1].differences, ["needs {{none}}, which no earlier step captured"]);
    assert_eq!(steps(&summary)[1].path, "/Users/{{none}}");
    assert_eq!((summary.counts.blocked, summary.counts.total), (1, 3));
    server.stop().await;
}

#[actix_web::test]
async fn a_different_answer_fails_the_step_and_says_how() {
    let server = FakeServer::start();
    let summary = server.play(json!([step("GET", "/Broken", 200)])).await;
    let step = &steps(&summary)[0];
    assert_eq!((step.outcome, step.status), (Outcome::Failed, Some(500)));
    assert_eq!(
        step.differences,
        [
            "status is 500, expected 200",
            "status is 500, and a 5xx is never right",
            "the body has no Content-Type, expected application/scim+json",
            r#"the body of the 500 is "oops", expected a SCIM error object"#,
        ]
    );
    server.stop().await;
}

#[actix_web::test]
async fn requests_arrive_byte_for_byte_and_redirects_are_not_followed() {
    let server = FakeServer::start();
    let mut query = step("GET", "/Users/u1", 200);
    query["request"]["query"] = json!("flag&filter=userName+eq+%22a%20b%22");
    let mut refused = step("GET", "/Users", 401);
    refused["request"]["headers"] = json!({"Authorization": null, "User-Agent": "Okta SCIM Client 1.0.0"});
    let summary = server.play(json!([query, refused, step("GET", "/Moved", 302)])).await;
    assert!(summary.all_passed(), "{summary:?}");
    let seen: Vec<String> = server.seen.try_iter().collect();
    let agent = concat!("rollcall-replay/", env!("CARGO_PKG_VERSION"));
    assert_eq!(seen[0], format!("GET /scim/v2/Users/u1?flag&filter=userName+eq+%22a%20b%22 {agent} "));
    assert_eq!(seen[1], "GET /scim/v2/Users Okta SCIM Client 1.0.0 ");
    assert_eq!(seen.len(), 3);
    server.stop().await;
}

#[actix_web::test]
async fn the_token_never_appears_in_the_results_even_if_the_server_repeats_it() {
    let server = FakeServer::start();
    let mut read = step("GET", "/Users/u1", 200);
    read["expect"]["json"] = json!([{"ptr": "/echo", "equals": "nothing"}]);
    read["capture"] = json!({"echo": "/echo"});
    let again = step("GET", "/{{echo}}", 200);
    let summary = server.play(json!([read, again, step("GET", "/Nothing", 200)])).await;
    let shown = serde_json::to_string(&summary).unwrap() + &format!("{summary:?}");
    assert!(shown.contains("Bearer [token]"), "{shown}");
    assert!(!shown.contains(TOKEN), "{shown}");
    server.stop().await;
}

#[actix_web::test]
async fn a_server_that_nobody_answers_for_stops_the_replay_with_one_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = Url::parse(&format!("http://{}/scim/v2", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let error = run(&base_url, &TOKEN.into(), None, &mut ()).await.unwrap_err();
    assert!(matches!(error, ReplayError::Unreachable { .. }));
    assert!(error.to_string().starts_with(&format!("cannot connect to {base_url}: Connection refused")), "{error}");
}

/// Answers one request and is gone before the answer arrives.
fn answer_once(listener: TcpListener) {
    let (mut stream, _) = listener.accept().unwrap();
    drop(listener);
    let read = stream.read(&mut [0; 4096]).unwrap();
    assert!(read > 0);
    stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
}

#[actix_web::test]
async fn a_server_that_goes_away_later_fails_the_steps() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = std::thread::spawn(|| answer_once(listener));
    let client = ScimClient::new(&base_url, &TOKEN.into()).unwrap();
    let steps = scenario(json!([step("GET", "/Users/u1", 204), step("GET", "/Users/u1", 200)]));
    let summary = play(&client, &[steps], &mut ()).await.unwrap();
    server.join().unwrap();
    let [first, last] = &summary.scenarios[0].steps[..] else { panic!("{summary:?}") };
    assert_eq!(first.outcome, Outcome::Passed);
    assert_eq!((last.outcome, last.status), (Outcome::Failed, None));
    assert!(last.differences[0].starts_with("cannot connect: Connection refused"), "{last:?}");
}

#[actix_web::test]
async fn the_chosen_scenarios_of_the_corpus_are_played_and_observed() {
    struct Count(usize, usize);
    impl Observer for Count {
        fn started(&mut self, scenarios: usize, steps: usize) {
            assert_eq!(scenarios, 1);
            self.0 = steps;
        }
        fn step_ended(&mut self, scenario: &Scenario, _: &StepResult) {
            assert_eq!(scenario.stem(), "okta-5-import-paging");
            self.1 += 1;
        }
    }
    let server = FakeServer::start();
    let mut count = Count(0, 0);
    let summary = run(&server.base_url, &TOKEN.into(), Some("OKTA-5"), &mut count).await.unwrap();
    assert_eq!((count.0, count.1), (summary.counts.total, summary.counts.total));
    assert!(summary.counts.failed > 0);
    server.stop().await;
}
