//! A name server that lies, on UDP and TCP: it answers each question as its script says, also with bytes that are no
//! answer at all. It writes messages itself (RFC 1035, section 4), since libraries write only good ones.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const A: u16 = 1;
const CNAME: u16 = 5;
const AAAA: u16 = 28;

/// What is said to one question.
#[derive(Clone, Debug)]
pub enum Reply {
    /// These addresses; those of the other family are left out.
    Addresses(Vec<IpAddr>),
    /// Each name is an alias of the next; the last one has these addresses.
    Aliases(Vec<&'static str>, Vec<IpAddr>),
    /// An error code: 2 is SERVFAIL, 3 is NXDOMAIN; 0 says that there is nothing of this kind.
    Code(u8),
    /// Nothing, ever.
    Silence,
    /// The same as another, but later.
    Late(Duration, Box<Reply>),
    /// These bytes behind the question's id.
    Bytes(Vec<u8>),
    /// A good answer to another question than was asked: its id differs.
    Forged(Vec<IpAddr>),
}

impl Reply {
    pub fn addresses(addresses: &[&str]) -> Self {
        Self::Addresses(parsed(addresses))
    }
}

pub fn parsed(addresses: &[&str]) -> Vec<IpAddr> {
    addresses.iter().map(|address| address.parse().unwrap()).collect()
}

/// A question as it came.
struct Question<'a> {
    id: [u8; 2],
    name: String,
    kind: u16,
    /// The question's own bytes.
    section: &'a [u8],
}

type Script = dyn Fn(&str, usize) -> Reply + Send + Sync;

/// The server. Its threads end with the process.
#[derive(Clone)]
pub struct NameServer {
    asked: Arc<Mutex<HashMap<(String, u16), usize>>>,
    script: Arc<Script>,
}

impl NameServer {
    /// Listens on port 53 of this machine. The script is given a name and how often its addresses of that family were
    /// asked for before.
    pub fn start(script: impl Fn(&str, usize) -> Reply + Send + Sync + 'static) -> Self {
        let server = Self { asked: Arc::default(), script: Arc::new(script) };
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
        thread::spawn({
            let server = server.clone();
            move || {
                let mut buffer = [0; 4096];
                while let Ok((length, from)) = udp.recv_from(&mut buffer) {
                    let (server, question, udp) = (server.clone(), buffer[..length].to_vec(), udp.try_clone().unwrap());
                    thread::spawn(move || {
                        if let Some(answer) = server.answer(&question, Some(512)) {
                            let _ = udp.send_to(&answer, from);
                        }
                    });
                }
            }
        });
        thread::spawn({
            let server = server.clone();
            move || {
                for stream in tcp.incoming().flatten() {
                    let server = server.clone();
                    thread::spawn(move || server.serve(stream));
                }
            }
        });
        server
    }

    /// How often a name's addresses were asked for; the family that was asked for more often counts.
    pub fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        [A, AAAA].into_iter().map(|kind| asked.get(&(name.to_owned(), kind)).copied().unwrap_or(0)).max().unwrap_or(0)
    }

    fn serve(&self, mut stream: std::net::TcpStream) -> Option<()> {
        loop {
            let mut length = [0; 2];
            stream.read_exact(&mut length).ok()?;
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            stream.read_exact(&mut question).ok()?;
            let answer = self.answer(&question, None)?;
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            stream.write_all(&[&length[..], &answer].concat()).ok()?;
        }
    }

    fn answer(&self, message: &[u8], most: Option<usize>) -> Option<Vec<u8>> {
        let question = Question::read(message)?;
        let nth = {
            let mut asked = self.asked.lock().unwrap();
            let count = asked.entry((question.name.clone(), question.kind)).or_default();
            *count += 1;
            *count - 1
        };
        let answer = question.reply((self.script)(&question.name, nth))?;
        if most.is_some_and(|most| answer.len() > most) {
            // Too long for a datagram: asked again over TCP, which is the same question.
            *self.asked.lock().unwrap().get_mut(&(question.name.clone(), question.kind)).unwrap() -= 1;
            return Some(question.message(question.id, [0x83, 0x80], 0, &[]));
        }
        Some(answer)
    }
}

impl<'a> Question<'a> {
    fn read(message: &'a [u8]) -> Option<Self> {
        let id = message.get(..2)?.try_into().ok()?;
        let mut labels = Vec::new();
        let mut at = 12;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            labels.push(String::from_utf8_lossy(message.get(at..at + length)?).into_owned());
            at += length;
        }
        let kind = u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?);
        Some(Self { id, name: labels.join("."), kind, section: message.get(12..at + 4)? })
    }

    fn reply(&self, reply: Reply) -> Option<Vec<u8>> {
        const FINE: [u8; 2] = [0x81, 0x80];
        let all = |id, aliases: &[&'static str], addresses: &[IpAddr]| {
            let records = self.records(aliases, addresses);
            self.message(id, FINE, records.len(), &records.concat())
        };
        Some(match reply {
            Reply::Addresses(addresses) => all(self.id, &[], &addresses),
            Reply::Aliases(aliases, addresses) => all(self.id, &aliases, &addresses),
            Reply::Forged(addresses) => all([self.id[0] ^ 0xff, self.id[1]], &[], &addresses),
            Reply::Code(code) => self.message(self.id, [0x81, 0x80 | code], 0, &[]),
            Reply::Bytes(bytes) => [&self.id[..], &bytes].concat(),
            Reply::Silence => return None,
            Reply::Late(late, reply) => {
                thread::sleep(late);
                return self.reply(*reply);
            }
        })
    }

    fn message(&self, id: [u8; 2], flags: [u8; 2], count: usize, records: &[u8]) -> Vec<u8> {
        let count = u16::try_from(count).unwrap().to_be_bytes();
        [&id[..], &flags, &[0, 1], &count, &[0, 0, 0, 0], self.section, records].concat()
    }

    fn records(&self, aliases: &[&'static str], addresses: &[IpAddr]) -> Vec<Vec<u8>> {
        let mut owner: &str = &self.name;
        let mut records = Vec::new();
        for alias in aliases {
            records.push(record(owner, CNAME, &name(alias)));
            owner = alias;
        }
        records.extend(addresses.iter().filter_map(|address| match address {
            IpAddr::V4(address) if self.kind == A => Some(record(owner, A, &address.octets())),
            IpAddr::V6(address) if self.kind == AAAA => Some(record(owner, AAAA, &address.octets())),
            _ => None,
        }));
        records
    }
}

/// A record of class IN that may not be kept at all.
fn record(owner: &str, kind: u16, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [&name(owner)[..], &kind.to_be_bytes(), &[0, 1], &[0, 0, 0, 0], &length, data].concat()
}

fn name(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in text.split('.') {
        bytes.push(u8::try_from(label.len()).unwrap());
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}
