//! A server of the domain name system that answers questions for TXT records as it is told. It is a plain thread and socket,
//! so that it can stand anywhere: a server that is started with `dns.servers` set to its address asks nobody else.

#![expect(clippy::expect_used, reason = "builders are for what has to succeed")]

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{RData, Record, RecordType};

/// Seconds that an answer may be kept.
const LIFE: u32 = 60;

/// What is answered about a name. Of any other name it is said that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DnsReply {
    /// TXT records, each made of strings of at most 255 bytes.
    Texts(Vec<Vec<String>>),
    /// There is the name, without such records.
    Nothing,
    /// The server says that it failed.
    Failure,
    /// The server says nothing at all.
    Silence,
}

type Names = Arc<Mutex<BTreeMap<String, DnsReply>>>;

/// A running server; it ends when this is dropped.
pub struct DnsServer {
    address: SocketAddr,
    names: Names,
    asked: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
}

impl DnsServer {
    /// Listens on a free port of this machine, and knows no name.
    ///
    /// # Errors
    /// When there is none.
    pub fn start() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        let server = Self { address, names: Arc::default(), asked: Arc::default(), is_over: Arc::default() };
        let (names, asked, is_over) = (server.names.clone(), server.asked.clone(), server.is_over.clone());
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                if is_over.load(Ordering::Acquire) {
                    break;
                }
                let answer = buffer.get(..length).and_then(|question| answer(question, &names, &asked));
                if let Some(answer) = answer {
                    // Whoever has stopped waiting is no failure of a test.
                    drop(socket.send_to(&answer, from));
                }
            }
        });
        Ok(server)
    }

    /// As the setting `dns.servers` names it.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers so about a name, from now on.
    pub fn reply(&self, name: &str, reply: DnsReply) {
        locked(&self.names).insert(whole(name), reply);
    }

    /// Gives a name these TXT records, of one string each.
    pub fn publish(&self, name: &str, texts: &[&str]) {
        self.reply(name, DnsReply::Texts(texts.iter().map(|text| vec![(*text).to_owned()]).collect()));
    }

    /// Knows a name no more.
    pub fn forget(&self, name: &str) {
        locked(&self.names).remove(&whole(name));
    }

    /// The names that were asked for, with a full stop behind each.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.asked).clone()
    }
}

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
        // Wakes the thread; when it cannot be woken it is gone already.
        if let Ok(socket) = UdpSocket::bind("127.0.0.1:0") {
            drop(socket.send_to(&[], self.address));
        }
    }
}

fn whole(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_lowercase())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// None when nothing is to be answered.
fn answer(question: &[u8], names: &Names, asked: &Mutex<Vec<String>>) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let name = query.name().to_string().to_lowercase();
    locked(asked).push(name.clone());
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    match locked(names).get(&name).cloned() {
        None => answer.metadata.response_code = ResponseCode::NXDomain,
        Some(DnsReply::Silence) => return None,
        Some(DnsReply::Failure) => answer.metadata.response_code = ResponseCode::ServFail,
        Some(DnsReply::Texts(texts)) if query.query_type() == RecordType::TXT => {
            for strings in texts {
                let text = RData::TXT(TXT::new(strings));
                answer.add_answer(Record::from_rdata(query.name().clone(), LIFE, text));
            }
        }
        Some(DnsReply::Nothing | DnsReply::Texts(_)) => {}
    }
    answer.add_query(query);
    Some(answer.to_vec().expect("an answer that fits"))
}
