//! What only a real connection shows: no body behind a HEAD, and bodies of unknown length.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use actix_web::{App, HttpServer};

use crate::face::{Face, MIB};

/// Serves the face on a port of its own while `talk` is at work, which is given the lines every request needs.
async fn over_http<T: Send + 'static>(face: &Face, talk: impl FnOnce(SocketAddr, String) -> T + Send + 'static) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let api = face.api.clone();
    let server = HttpServer::new(move || App::new().configure(|config| scim_api::configure(config, &api)));
    let server = server.workers(1).disable_signals().shutdown_timeout(1).listen(listener).unwrap().run();
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let lines = format!("Host: {address}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n", face.token);
    let told = tokio::task::spawn_blocking(move || talk(address, lines)).await.unwrap();
    handle.stop(false).await;
    serving.await.unwrap().unwrap();
    told
}

/// Head and body of the answer to this request.
fn exchange(address: SocketAddr, request: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_ascii_lowercase(), body.to_owned())
}

fn line<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let face = Face::sqlite().await;
    let user = face.new_user("ada").await;
    over_http(&face, move |address, lines| {
        for path in [user.as_str(), "/Users", "/Schemas", "/Users/nobody", "/Nowhere"] {
            let ask = |method: &str| {
                exchange(address, format!("{method} /t/acme/scim/v2{path} HTTP/1.1\r\n{lines}\r\n").as_bytes())
            };
            let ((get, body), (head, nothing)) = (ask("GET"), ask("HEAD"));
            assert_eq!(nothing, "", "{path}");
            assert!(!body.is_empty(), "{path}");
            assert_eq!(head.lines().next(), get.lines().next(), "{path}");
            for name in ["content-type", "etag", "content-length"] {
                assert_eq!(line(&head, name), line(&get, name), "{path} {name}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_answered_whether_its_length_was_told_or_not() {
    let face = Face::sqlite().await;
    over_http(&face, |address, lines| {
        let start = format!("POST /t/acme/scim/v2/Users HTTP/1.1\r\n{lines}Content-Type: application/scim+json\r\n");
        let told = [format!("{start}Content-Length: {}\r\n\r\n", MIB + 1).as_bytes(), &vec![b' '; MIB + 1]].concat();
        let chunk = [format!("{:x}\r\n", 64 * 1024).as_bytes(), &vec![b' '; 64 * 1024], b"\r\n"].concat();
        let chunks = [chunk.repeat(17), b"0\r\n\r\n".to_vec()].concat();
        let untold = [format!("{start}Transfer-Encoding: chunked\r\n\r\n").as_bytes(), &chunks].concat();
        for request in [told, untold] {
            let (head, body) = exchange(address, &request);
            assert!(head.starts_with("http/1.1 413"), "{head}");
            assert_eq!(line(&head, "content-type"), Some("application/scim+json"));
            assert!(body.contains("\"413\""), "{body}");
        }
    })
    .await;
}
