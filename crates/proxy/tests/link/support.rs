//! A small HTTP/1 server and client, which nobody tuned for the proxy.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A shop that keeps what is posted to it. It answers `GET` with `hello`.
pub struct Shop {
    pub addr: SocketAddr,
    orders: Arc<Mutex<Vec<String>>>,
}

/// A request as the shop has read it.
struct Order {
    method: String,
    key: Option<String>,
    body: String,
}

impl Shop {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound");
        let orders = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&orders);
        let mut keys: Vec<String> = Vec::new();
        let keys = Arc::new(Mutex::new(std::mem::take(&mut keys)));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, keys) = (Arc::clone(&kept), Arc::clone(&keys));
                thread::spawn(move || serve(&stream, &kept, &keys));
            }
        });
        Self { addr, orders }
    }

    /// What was ordered so far.
    pub fn orders(&self) -> Vec<String> {
        self.orders.lock().expect("no panic").clone()
    }
}

fn serve(stream: &TcpStream, orders: &Mutex<Vec<String>>, keys: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(order) = read(&mut reader)? {
        if order.method == "POST" {
            let mut keys = keys.lock().expect("no panic");
            let is_known = order.key.as_ref().is_some_and(|key| keys.contains(key));
            keys.extend(order.key);
            if !is_known {
                orders.lock().expect("no panic").push(order.body);
            }
        }
        (&*stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Order>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let method = line.split(' ').next().unwrap_or_default().to_owned();
    let (mut key, mut length) = (None, 0);
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
            Some(("idempotency-key", value)) => key = Some(value.to_owned()),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Order { method, key, body: String::from_utf8_lossy(&body).into_owned() }))
}

pub fn post(path: &str, headers: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: shop\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Sends a request on a connection of its own, and reads the answer as it should be read.
pub fn ask(addr: SocketAddr, request: &str) -> io::Result<String> {
    exchange(&mut TcpStream::connect(addr)?, request)
}

/// Sends a request, and reads the answer as it should be read: as many bytes as it says.
pub fn exchange(stream: &mut TcpStream, request: &str) -> io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let (mut reader, mut line, mut length) = (BufReader::new(&*stream), String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end().split_once(": ") {
            Some(("content-length", value)) => length = value.parse().map_err(io::Error::other)?,
            Some(_) => {}
            None if line.trim_end().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Does something on a thread of its own, so that the test can steer the link meanwhile.
pub fn meanwhile<T: Send + 'static>(does: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    thread::spawn(does)
}
