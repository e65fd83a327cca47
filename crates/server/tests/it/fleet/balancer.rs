//! What stands before replicas: each request goes to the next of them.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::{Bytes, Data, PayloadConfig, to};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use reqwest::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use reqwest::{Client, Method};

use super::REPLICAS;
use crate::patience::until;

/// More than any request here has.
const BODY: usize = 10 * 1024 * 1024;

/// A round-robin balancer. A replica that refuses a connection is passed over, because nothing was sent to it. When a
/// connection is cut afterwards, who reads is sent to the next, and who writes is told 502.
pub struct Balancer {
    address: SocketAddr,
    doors: Data<Doors>,
    server: ServerHandle,
}

#[derive(Default)]
struct Doors {
    http: Client,
    /// Where replicas are that may be sent to; requests hold the one that they are in.
    places: Mutex<[Option<Arc<Door>>; REPLICAS]>,
    turn: AtomicUsize,
    cut: AtomicUsize,
}

struct Door {
    root: String,
    /// What its replica said last, when somebody asks.
    is_ready: AtomicBool,
}

/// How often replicas are asked whether they are ready, and how long an answer may take.
const PROBE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(1);

/// How often a replica may stay silent.
const SILENCES: usize = 3;

impl Balancer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(50)).build().unwrap();
        let doors = Data::new(Doors { http, ..Doors::default() });
        let shared = doors.clone();
        let server = HttpServer::new(move || {
            let app = App::new().app_data(shared.clone()).app_data(PayloadConfig::new(BODY));
            app.default_service(to(pass_on))
        });
        let server = server.workers(1).disable_signals().listen(listener).unwrap().run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, doors, server: handle }
    }

    pub fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn base(&self, slug: &str) -> String {
        format!("{}/t/{slug}/scim/v2", self.root())
    }

    /// Sends requests to a replica from now on.
    pub fn open(&self, place: usize, root: &str) {
        let door = Door { root: root.to_owned(), is_ready: AtomicBool::new(true) };
        self.doors.places.lock().unwrap()[place] = Some(Arc::new(door));
    }

    /// Asks replicas from now on whether they are ready, and passes over those that say no or nothing, unless all do.
    pub fn watch(&self) {
        for place in 0..REPLICAS {
            let doors = self.doors.clone();
            tokio::spawn(async move {
                let mut silences = 0;
                loop {
                    tokio::time::sleep(PROBE).await;
                    let Some(root) = doors.at(place).map(|door| door.root.clone()) else { continue };
                    let asked = doors.http.get(format!("{root}/readyz")).timeout(PATIENCE).send().await;
                    // Who says no is believed at once, and who says nothing when it was asked again.
                    silences = if asked.is_ok() { 0 } else { silences + 1 };
                    let is_ready = asked.map_or(silences < SILENCES, |answer| answer.status() == 200);
                    if let Some(door) = doors.at(place).filter(|door| door.root == root) {
                        door.is_ready.store(is_ready, Ordering::SeqCst);
                    }
                }
            });
        }
    }

    /// Sends no more requests to a replica.
    pub fn close(&self, place: usize) {
        drop(self.take(place));
    }

    /// The same; comes back when those are answered that were sent.
    pub async fn drain(&self, place: usize) {
        let door = self.take(place).unwrap();
        until("the last requests to be answered", async || (Arc::strong_count(&door) == 1).then_some(())).await;
    }

    fn take(&self, place: usize) -> Option<Arc<Door>> {
        self.doors.places.lock().unwrap()[place].take()
    }

    /// How many connections were cut in the middle of a request.
    pub fn cut(&self) -> usize {
        self.doors.cut.load(Ordering::SeqCst)
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        // Sends the word; nobody waits for the answer.
        drop(self.server.stop(false));
    }
}

impl Doors {
    /// Where the next request goes; whoever holds it is in there.
    fn next(&self) -> Arc<Door> {
        let places = self.places.lock().unwrap();
        let first = self.turn.fetch_add(1, Ordering::SeqCst);
        let open = || (first..first + REPLICAS).filter_map(|place| places[place % REPLICAS].clone());
        let ready = open().find(|door| door.is_ready.load(Ordering::SeqCst));
        ready.or_else(|| open().next()).unwrap()
    }

    fn at(&self, place: usize) -> Option<Arc<Door>> {
        self.places.lock().unwrap()[place].clone()
    }
}

async fn pass_on(doors: Data<Doors>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let method = Method::from_bytes(request.method().as_str().as_bytes()).unwrap();
    loop {
        let door = doors.next();
        let sending = doors.http.request(method.clone(), format!("{}{}", door.root, request.uri()));
        let sending = sending.headers(headers(&request)).body(body.clone());
        match answer(sending).await {
            Ok(answer) => return answer,
            Err(error) if error.is_connect() => {}
            Err(error) => {
                assert!(!error.is_timeout(), "{method} {}: {error:?}", request.uri());
                doors.cut.fetch_add(1, Ordering::SeqCst);
                if method != Method::GET {
                    return HttpResponse::BadGateway().finish();
                }
            }
        }
    }
}

async fn answer(sending: reqwest::RequestBuilder) -> Result<HttpResponse, reqwest::Error> {
    let answer = sending.send().await?;
    let mut passed = HttpResponse::build(answer.status().as_u16().try_into().unwrap());
    for (name, value) in answer.headers().iter().filter(|(name, _)| is_passed(name)) {
        passed.append_header((name.as_str(), value.as_bytes()));
    }
    Ok(passed.body(answer.bytes().await?))
}

fn headers(request: &HttpRequest) -> HeaderMap {
    let headers = request.headers().iter().map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).unwrap();
        (name, HeaderValue::from_bytes(value.as_bytes()).unwrap())
    });
    headers.filter(|(name, _)| is_passed(name)).collect()
}

/// What belongs to one connection stays there.
fn is_passed(name: &HeaderName) -> bool {
    ![CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING].contains(name)
}
