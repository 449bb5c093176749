//! A shop: `POST /orders` takes an order, `GET /orders` lists them. It ends when its standard input does, and answers first
//! what it has begun.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Shop {
    orders: Mutex<Vec<String>>,
    stopping: AtomicBool,
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    let shop = Arc::new(Shop::default());
    log("INFO", &format!("listening at {address}"));
    let stopped = Arc::clone(&shop);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stopped.stopping.store(true, Ordering::SeqCst);
        // Wakes the accept below.
        let _ = TcpStream::connect(address);
    });
    let mut open = Vec::new();
    // Whoever was connected before the end is served: after it, those that are waiting are taken, and then nobody.
    while let Some(stream) = next(&listener, &shop)? {
        let shop = Arc::clone(&shop);
        open.push(std::thread::spawn(move || {
            if let Err(why) = serve(&shop, stream) {
                log("WARN", &format!("a customer went away: {why}"));
            }
        }));
    }
    drop(listener);
    for thread in open {
        let _ = thread.join();
    }
    log("INFO", "closed");
    Ok(())
}

/// The next connection; nothing when the shop is closing and nobody waits.
fn next(listener: &TcpListener, shop: &Shop) -> std::io::Result<Option<TcpStream>> {
    listener.set_nonblocking(shop.stopping.load(Ordering::SeqCst))?;
    match listener.accept() {
        Ok((stream, _)) => stream.set_nonblocking(false).map(|()| Some(stream)),
        Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => Ok(None),
        Err(why) => Err(why),
    }
}

/// Answers one request. A connection without any is the one that wakes the shop at its end.
fn serve(shop: &Shop, stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(());
    }
    let mut length = 0;
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        header.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut orders = shop.orders.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (status, answer) = if line.starts_with("POST /orders ") {
        let order = String::from_utf8_lossy(&body).into_owned();
        let answer = format!("{{\"id\":{},\"order\":{order}}}", orders.len() + 1);
        orders.push(answer.clone());
        ("201 Created", answer)
    } else if line.starts_with("GET /orders ") {
        ("200 OK", format!("[{}]", orders.join(",")))
    } else {
        ("404 Not Found", "{}".to_owned())
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    (&stream).write_all((head + &answer).as_bytes())
}

fn log(level: &str, message: &str) {
    let seconds = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    eprintln!("time={seconds} level={level} msg=\"{message}\"");
}
