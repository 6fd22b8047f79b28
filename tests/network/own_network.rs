//! A network of the test's own: a process in which public addresses are this machine's, and the machine's resolver asks
//! a name server that the test runs. Only Linux can do that, and only where a user may make namespaces.

use std::env;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use super::optional;

const INSIDE: &str = "TIEBACK_TEST_INSIDE";

/// A public address that is this machine's in there, and what stands for the inner ones.
pub const PUBLIC: &str = "93.184.216.34";
pub const PUBLIC_V6: &str = "2606:2800:220:1::1946";

/// Mounts and addresses vanish with the process.
const SCRIPT: &str = r#"set -e
ip link set lo up
for address in 93.184.216.34/32 10.0.0.1/32 169.254.169.254/32; do ip address add "$address" dev lo; done
for address in 2606:2800:220:1::1946/128 fd00::1/128; do ip address add "$address" dev lo nodad; done
mount --bind "$TIEBACK_TEST_FOLDER/resolv.conf" /etc/resolv.conf
mount --bind "$TIEBACK_TEST_FOLDER/nsswitch.conf" /etc/nsswitch.conf
exec "$@"
"#;

/// Runs `body` in such a process: this test starts itself there.
pub fn inside(test: &str, body: impl Future<Output = ()>) {
    if env::var_os(INSIDE).is_some() {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(body);
        return;
    }
    let unshare = ["--user", "--map-root-user", "--net", "--mount", "--"];
    let can = optional::can("unshare with ip", "the hostile name server", || {
        let tried = Command::new("unshare").args(unshare).args(["sh", "-c", "ip link set lo up"]).output();
        tried.is_ok_and(|output| output.status.success())
    });
    if !can {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n").unwrap();
    std::fs::write(folder.path().join("nsswitch.conf"), "hosts: dns\n").unwrap();
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("TIEBACK_TEST_FOLDER", folder.path())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "inside it failed:\n{out}\n{err}");
}

/// An endpoint on every address of the machine; it notes at which one each connection arrived.
pub struct Everywhere {
    pub port: u16,
    arrived: Arc<Mutex<Vec<IpAddr>>>,
}

impl Everywhere {
    /// Answers requests whose payload is `{}` with 204, as many per connection as this.
    pub fn start(per_connection: usize) -> Self {
        let v6 = TcpListener::bind("[::]:0").unwrap();
        let port = v6.local_addr().unwrap().port();
        let arrived: Arc<Mutex<Vec<IpAddr>>> = Arc::default();
        let noted = Arc::clone(&arrived);
        // Takes IPv4 too, as mapped addresses.
        thread::spawn(move || {
            for stream in v6.incoming().flatten() {
                noted.lock().unwrap().push(stream.local_addr().unwrap().ip().to_canonical());
                thread::spawn(move || serve(stream, per_connection));
            }
        });
        Self { port, arrived }
    }

    /// Where connections arrived, in order.
    pub fn arrived(&self) -> Vec<IpAddr> {
        self.arrived.lock().unwrap().clone()
    }

    pub fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/events?token=s3cret", self.port)
    }
}

fn serve(mut stream: TcpStream, requests: usize) -> std::io::Result<()> {
    for left in (0..requests).rev() {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n{}") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            read.push(byte[0]);
        }
        let close = if left == 0 { "Connection: close\r\n" } else { "" };
        stream.write_all(format!("HTTP/1.1 204 \r\n{close}\r\n").as_bytes())?;
    }
    Ok(())
}
