//! Bulk: many reads and writes, and no byte further than a gate lets it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::peer::{Bench, Peer, bytes_gate, gate, soon};
use crate::{CutMode, Phase, Side, Toward};

const MIB: usize = 1 << 20;

/// Bytes of which no part looks like another one.
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut bytes = vec![0; length];
    random.fill(&mut bytes);
    bytes
}

/// Reads so many bytes, no more at once than `most`.
async fn read(peer: &mut Peer, count: usize, most: usize) -> Vec<u8> {
    let mut all = vec![0; count];
    let mut at = 0;
    while at < count {
        let to = count.min(at + most);
        at += match soon("bytes", peer.0.read(&mut all[at..to])).await.expect("reads") {
            0 => panic!("it ends after {at} of {count} bytes"),
            read => read,
        };
    }
    all
}

#[tokio::test(flavor = "current_thread")]
async fn it_passes_unchanged_both_ways_also_where_the_sink_is_slow() {
    for most in [MIB, 5000] {
        let bench = Bench::new([]).await;
        let (Peer(client), Peer(server)) = bench.pair().await;
        // Not like HTTP: it is not scanned.
        let (there, back) = (bytes(1, 16 * MIB), bytes(2, 16 * MIB));
        let (from_client, mut to_server) = client.into_split();
        let (from_server, mut to_client) = server.into_split();
        let said = tokio::spawn({
            let (there, back) = (there.clone(), back.clone());
            async move {
                tokio::try_join!(to_server.write_all(&there), to_client.write_all(&back))
                    .map(|_| (to_server, to_client))
            }
        });
        let hear = |mut from: tokio::net::tcp::OwnedReadHalf, count: usize| async move {
            let mut all = Vec::with_capacity(count);
            let mut chunk = vec![0; most];
            while all.len() < count {
                let read = soon("bytes", from.read(&mut chunk)).await.expect("reads");
                assert_ne!(read, 0, "it ends after {} of {count} bytes", all.len());
                all.extend_from_slice(&chunk[..read]);
            }
            all
        };
        let (at_server, at_client) = tokio::join!(hear(from_server, there.len()), hear(from_client, back.len()));
        said.await.expect("no panic").expect("writes");
        assert!(at_server == there && at_client == back, "with {most} bytes at once");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_gate_in_it_stops_at_its_byte() {
    const AT: usize = 5 * MIB + 7;
    let mut bench = Bench::new([bytes_gate(1, Side::Server, AT as u64)]).await;
    let (Peer(mut client), mut server) = bench.pair().await;
    let all = bytes(3, 8 * MIB);
    let said = tokio::spawn({
        let all = all.clone();
        async move { client.write_all(&all).await.map(|()| client) }
    });
    assert!(read(&mut server, AT, MIB).await == all[..AT]);
    bench.parked().await;
    bench.link.resume(1);
    assert!(read(&mut server, all.len() - AT, MIB).await == all[AT..]);
    said.await.expect("no panic").expect("writes");
}

#[tokio::test(flavor = "current_thread")]
async fn a_cut_in_it_tells_how_much_was_withheld() {
    const AT: usize = 3 * MIB;
    let mut bench = Bench::new([bytes_gate(1, Side::Server, AT as u64)]).await;
    let (Peer(mut client), mut server) = bench.pair().await;
    let all = bytes(4, AT + 100);
    let said = tokio::spawn({
        let all = all.clone();
        async move { client.write_all(&all).await.map(|()| client) }
    });
    assert!(read(&mut server, AT, MIB).await == all[..AT]);
    let (_, connection, _) = bench.parked().await;
    let client = said.await.expect("no panic").expect("writes");
    let effect = bench.link.cut(connection, CutMode::Rst, Toward::Both).await;
    assert_eq!((effect.withheld, effect.broken), (100, 1));
    drop(client);
}

/// A request, an answer with this body as it is sent, and what was told of it; then another exchange, so that the end was found.
async fn answered(head: &str, body: &[u8]) {
    let mut bench = Bench::new([gate(1, Phase::ResponseSent, 0)]).await;
    let (mut client, mut server) = bench.pair().await;
    let request = "GET /a HTTP/1.1\r\n\r\n";
    client.say(request).await;
    server.hear(request.len()).await;
    let all = [head.as_bytes(), body].concat();
    let (heard, said) = tokio::join!(read(&mut client, all.len(), MIB), server.0.write_all(&all));
    said.expect("writes");
    assert!(heard == all);
    let (_, _, seen) = bench.parked().await;
    let seen = seen.expect("a request");
    assert_eq!((seen.response_bytes, seen.status), (all.len() as u64, Some(200)), "{head}");
    bench.link.resume(1);
    assert!(bench.done().await.finished);
    client.exchange(&mut server).await;
    assert_eq!(bench.done().await.number, 2);
}

#[tokio::test(flavor = "current_thread")]
async fn the_end_of_a_body_is_found() {
    let body = bytes(5, 4 * MIB);
    answered(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len()), &body).await;
    let size = format!("{:x}\r\n", body.len());
    let chunks = [size.as_bytes(), &body, b"\r\n", size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
    answered("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", &chunks).await;
}

#[tokio::test(flavor = "current_thread")]
async fn the_last_byte_of_a_body_waits_at_its_gate() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, -1)]).await;
    let (Peer(mut client), mut server) = bench.pair().await;
    let head = format!("POST /a HTTP/1.1\r\ncontent-length: {}\r\n\r\n", 4 * MIB);
    let all = [head.as_bytes(), &bytes(6, 4 * MIB)].concat();
    let said = tokio::spawn({
        let all = all.clone();
        async move { client.write_all(&all).await.map(|()| client) }
    });
    assert!(read(&mut server, all.len() - 1, MIB).await == all[..all.len() - 1]);
    let (_, _, seen) = bench.parked().await;
    assert_eq!(seen.expect("a request").request_bytes, all.len() as u64 - 1);
    bench.link.resume(1);
    assert_eq!(read(&mut server, 1, 1).await, all[all.len() - 1..]);
    said.await.expect("no panic").expect("writes");
}
