//! Load: requests over kept connections, as raw bytes, so that the generator costs little beside what it measures.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The bytes of a request.
pub fn request(method: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{method} /v1/agl{path} HTTP/1.1\r\nhost: store\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

/// Sends `requests` in turn over `connections` connections: how long that took, and what was answered to the last one.
pub fn send(to: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> (Duration, Vec<u8>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut shares: Vec<Vec<Vec<u8>>> = (0..connections).map(|_| Vec::new()).collect();
        for (index, request) in requests.into_iter().enumerate() {
            shares[index % connections].push(request);
        }
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(to).await.expect("connected");
            stream.set_nodelay(true).expect("an option");
            streams.push(stream);
        }
        let begun = Instant::now();
        let tasks: Vec<_> = streams
            .into_iter()
            .zip(shares)
            .map(|(mut stream, share)| {
                tokio::task::spawn_local(async move {
                    let (mut buffer, mut last) = (Vec::with_capacity(16 << 10), Vec::new());
                    for request in share {
                        stream.write_all(&request).await.expect("sent");
                        last = answer(&mut stream, &mut buffer).await;
                    }
                    last
                })
            })
            .collect();
        let mut last = Vec::new();
        for task in tasks {
            last = task.await.expect("no panic");
        }
        (begun.elapsed(), last)
    })
}

/// The body of the next answer, which must be a good one.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Vec<u8> {
    buffer.clear();
    let (head, length): (usize, usize) = loop {
        assert!(stream.read_buf(buffer).await.expect("read") > 0, "the server has closed the connection");
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]);
            let (_, status) = head.split_at(9);
            assert!(status.starts_with('2'), "{}", String::from_utf8_lossy(buffer));
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map(str::parse);
            break (end + 4, length.expect("a length").expect("a number"));
        }
    };
    while buffer.len() < head + length {
        assert!(stream.read_buf(buffer).await.expect("read") > 0, "the server has closed the connection");
    }
    buffer[head..head + length].to_vec()
}
