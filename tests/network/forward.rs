//! A small forward proxy: tunnels by CONNECT, and forwards requests in absolute form. Names it resolves as it likes:
//! all of them are this machine.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// The proxy. Its threads end with the connections that they serve.
pub struct ForwardProxy {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    /// A proxy for everybody.
    pub fn open() -> Self {
        Self::start(None)
    }

    /// A proxy that serves whoever sends this `Proxy-Authorization`.
    pub fn for_those_with(authorization: &'static str) -> Self {
        Self::start(Some(authorization))
    }

    fn start(authorization: Option<&'static str>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        thread::spawn({
            let asked = Arc::clone(&asked);
            move || {
                while let Ok((socket, _)) = listener.accept() {
                    let asked = Arc::clone(&asked);
                    thread::spawn(move || serve(socket, authorization, &asked));
                }
            }
        });
        Self { address, asked }
    }

    /// What stands before the host in this proxy's URL, such as `user:password@`, may be given.
    pub fn url(&self, credentials: &str) -> String {
        format!("http://{credentials}{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The method and target of each request that it took.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(mut client: TcpStream, authorization: Option<&str>, asked: &Mutex<Vec<String>>) -> io::Result<()> {
    let head = read_head(&mut client)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let header = |name: &str| {
        headers.iter().filter_map(|line| line.split_once(": ")).find(|(other, _)| other.eq_ignore_ascii_case(name))
    };
    if let Some(expected) = authorization
        && header("proxy-authorization").map(|(_, value)| value) != Some(expected)
    {
        client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")?;
        return drain(client);
    }
    asked.lock().unwrap().push(format!("{method} {target}"));
    if method == "CONNECT" {
        let Ok(server) = connect(target) else {
            client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")?;
            return drain(client);
        };
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        return relay(client, server);
    }

    let rest = target.strip_prefix("http://").expect("the absolute form");
    let (authority, path) = rest.split_at(rest.find('/').expect("a path"));
    let mut server = connect(authority)?;
    let kept = headers.iter().filter(|line| !line.to_ascii_lowercase().starts_with("proxy-"));
    let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
    write!(server, "{method} {path} HTTP/1.1\r\n{kept}Connection: close\r\n\r\n")?;
    relay(client, server)
}

/// Byte by byte, so that nothing behind it is read.
fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend_from_slice(&byte);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn connect(authority: &str) -> io::Result<TcpStream> {
    let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(80);
    TcpStream::connect((Ipv4Addr::LOCALHOST, port))
}

fn relay(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut client, mut server) = (client, server);
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Write)
}

fn drain(mut client: TcpStream) -> io::Result<()> {
    client.shutdown(Shutdown::Write)?;
    io::copy(&mut client, &mut io::sink()).map(drop)
}
