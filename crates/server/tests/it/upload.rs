//! A request that takes its time.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use crate::binary::Running;
use crate::patience::LONG;

/// A POST to `/Users` whose body is held back.
pub struct Upload {
    stream: TcpStream,
    rest: Vec<u8>,
}

impl Upload {
    /// Sends half of the body, once the server has the head of the request and waits for it.
    pub fn begin(running: &Running, slug: &str, token: &str, body: &str) -> Self {
        let address = running.root.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        let head = format!(
            "POST /t/{slug}/scim/v2/Users HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\
             User-Agent: slow-upload/1\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let expected = b"HTTP/1.1 100 Continue\r\n\r\n";
        let mut answer = [0; 25];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, expected);
        let (now, later) = body.as_bytes().split_at(body.len() / 2);
        stream.write_all(now).unwrap();
        Self { stream, rest: later.to_vec() }
    }

    pub fn address(&self) -> SocketAddr {
        self.stream.peer_addr().unwrap()
    }

    /// Sends the rest; gives the whole answer.
    pub fn end(mut self) -> String {
        self.stream.write_all(&self.rest).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        answer
    }
}
