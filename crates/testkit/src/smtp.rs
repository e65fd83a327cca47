//! A server of mails that keeps what it gets, as much of RFC 5321 as clients need. It is plain threads and sockets, so that
//! it can stand anywhere; TLS is lent to it by whoever tests TLS.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What a connection is read from and written to.
pub trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// Makes a connection an encrypted one.
pub type Encrypt = Arc<dyn Fn(Box<dyn Stream>) -> Box<dyn Stream> + Send + Sync>;

/// How the server behaves.
#[derive(Clone, Default)]
pub struct SmtpRules {
    /// With it, the server offers STARTTLS; or is encrypted from the start when `implicit`.
    pub encrypt: Option<Encrypt>,
    pub implicit: bool,
    /// The one user that is let in, and the password, when somebody has to sign in.
    pub user: Option<(String, String)>,
    /// What every recipient is answered, when it is not `250`.
    pub recipient: Option<&'static str>,
}

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub from: String,
    pub to: Vec<String>,
    /// Headers, an empty line and the text, with line feeds alone.
    pub data: String,
    pub was_encrypted: bool,
}

/// A running server; it ends when this is dropped.
pub struct SmtpSink {
    address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    is_over: Arc<AtomicBool>,
}

impl SmtpSink {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// When there is none.
    pub fn start(rules: SmtpRules) -> io::Result<Self> {
        Self::listen(TcpListener::bind("127.0.0.1:0")?, rules)
    }

    /// Listens where another server was before.
    ///
    /// # Errors
    /// When somebody else does.
    pub fn start_at(address: SocketAddr, rules: SmtpRules) -> io::Result<Self> {
        Self::listen(TcpListener::bind(address)?, rules)
    }

    fn listen(listener: TcpListener, rules: SmtpRules) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (received, is_over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let sink = Self { address, received: Arc::clone(&received), is_over: Arc::clone(&is_over) };
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                if is_over.load(Ordering::Acquire) {
                    break;
                }
                let (rules, received) = (rules.clone(), Arc::clone(&received));
                // A client that goes away ends its conversation; that is no failure of a test.
                thread::spawn(move || drop(Conversation::new(rules, received).run(connection)));
            }
        });
        Ok(sink)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `smtp://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// What came so far.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.received).clone()
    }

    /// What came, once there are so many or ten seconds are over.
    pub fn wait_for(&self, count: usize) -> Vec<Received> {
        for _ in 0..500 {
            if self.received().len() >= count {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.received()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes the listener; when it cannot be woken it is gone already.
        drop(TcpStream::connect(self.address));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Conversation {
    rules: SmtpRules,
    received: Arc<Mutex<Vec<Received>>>,
    was_encrypted: bool,
    is_in: bool,
    from: String,
    to: Vec<String>,
}

impl Conversation {
    fn new(rules: SmtpRules, received: Arc<Mutex<Vec<Received>>>) -> Self {
        let is_in = rules.user.is_none();
        Self { rules, received, was_encrypted: false, is_in, from: String::new(), to: Vec::new() }
    }

    fn run(mut self, connection: TcpStream) -> io::Result<()> {
        connection.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut stream: Box<dyn Stream> = Box::new(connection);
        if let (true, Some(encrypt)) = (self.rules.implicit, self.rules.encrypt.clone()) {
            stream = encrypt(stream);
            self.was_encrypted = true;
        }
        stream.write_all(b"220 sink.example\r\n")?;
        let mut stream = BufReader::new(stream);
        loop {
            let Some(line) = read_line(&mut stream)? else { return Ok(()) };
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "EHLO" | "HELO" => self.greet(),
                "STARTTLS" => {
                    let Some(encrypt) = self.rules.encrypt.clone() else { return Ok(()) };
                    stream.get_mut().write_all(b"220 go ahead\r\n")?;
                    stream = BufReader::new(encrypt(stream.into_inner()));
                    self.was_encrypted = true;
                    continue;
                }
                "AUTH" => self.sign_in(&line),
                "MAIL" if !self.is_in => "530 sign in first".to_owned(),
                "MAIL" => {
                    self.from = bracketed(&line);
                    "250 ok".to_owned()
                }
                "RCPT" => {
                    self.to.push(bracketed(&line));
                    self.rules.recipient.unwrap_or("250 ok").to_owned()
                }
                "DATA" => {
                    stream.get_mut().write_all(b"354 go on\r\n")?;
                    let data = read_data(&mut stream)?;
                    let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
                    locked(&self.received).push(Received { from, to, data, was_encrypted: self.was_encrypted });
                    "250 taken".to_owned()
                }
                "QUIT" => {
                    stream.get_mut().write_all(b"221 bye\r\n")?;
                    return Ok(());
                }
                _ => "250 ok".to_owned(),
            };
            stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())?;
            stream.get_mut().flush()?;
        }
    }

    fn greet(&self) -> String {
        let offers_tls = self.rules.encrypt.is_some() && !self.was_encrypted;
        let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
        let users = if self.rules.user.is_some() { "250-AUTH PLAIN\r\n" } else { "" };
        format!("250-sink.example\r\n{tls}{users}250 8BITMIME")
    }

    /// `AUTH PLAIN`: base64 of NUL, the user, NUL, the password.
    fn sign_in(&mut self, line: &str) -> String {
        let known = self.rules.user.as_ref().map(|(user, password)| encode(format!("\0{user}\0{password}").as_bytes()));
        self.is_in = known.is_some_and(|known| line.ends_with(&known));
        if self.is_in { "235 in".to_owned() } else { "535 no".to_owned() }
    }
}

fn read_line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let length = stream.read_line(&mut line)?;
    Ok((length > 0).then(|| line.trim_end().to_owned()))
}

fn read_data(stream: &mut impl BufRead) -> io::Result<String> {
    let mut data = String::new();
    while let Some(line) = read_line(stream)? {
        if line == "." {
            break;
        }
        // A dot at the beginning of a line is doubled on its way.
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
        data.push('\n');
    }
    Ok(data)
}

fn bracketed(line: &str) -> String {
    let inner = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}

fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = usize::try_from(bits >> (18 - 6 * place) & 63).unwrap_or_default();
            let digit = DIGITS.get(digit).copied().unwrap_or_default();
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
