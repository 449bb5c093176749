//! Many connections, much traffic, and what is left of a link when it is dropped.

use std::io::{Read, Write};

use tokio::net::{TcpListener, TcpStream};

use super::peer::{Bench, End, REQUEST, bare, gate, is_refused, soon};
use crate::direction::{BUFFER_BOUND, Direction};
use crate::{CutMode, Phase, Point, Toward};

#[tokio::test(flavor = "current_thread")]
async fn a_thousand_connections_at_once() {
    // Each takes four sockets here, and the default is often 1024.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised).expect("up to what is allowed");
    let bench = Bench::new([]).await;
    let mut pairs = Vec::new();
    for _ in 0..1000 {
        pairs.push(bench.pair().await);
    }
    for (client, server) in &mut pairs {
        client.exchange(server).await;
    }
    assert_eq!(bench.link.cut_all(CutMode::Rst, Toward::Both).await.broken, 1000);
    for (mut client, _) in pairs {
        assert_eq!(client.rest().await, (String::new(), End::Rst));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn dropping_a_link_ends_its_connections_and_frees_its_port() {
    let mut bench = Bench::new([gate(1, Phase::RequestSent, 0), bare(2, Point::Connect)]).await;
    let mut connecting = bench.client().await;
    bench.parked().await;
    let (mut parked, mut parked_server) = bench.pair().await;
    parked.say(REQUEST).await;
    bench.parked().await;
    parked_server.hear(REQUEST.len()).await;
    let (mut held, mut held_server) = bench.pair().await;
    held.exchange(&mut held_server).await;
    bench.link.hold(3).await;
    let Bench { link, mut events, .. } = bench;
    let addr = link.addr();
    drop(link);
    // When nobody can tell anything any more, no task and no socket of the link is left.
    while soon("the end of the link", events.recv()).await.is_some() {}
    for peer in [&mut connecting, &mut parked, &mut parked_server, &mut held, &mut held_server] {
        assert_eq!(peer.rest().await.0, "");
    }
    assert!(is_refused(addr).await);
    TcpListener::bind(addr).await.expect("the port is free");
}

#[tokio::test(flavor = "current_thread")]
async fn a_direction_never_keeps_more_than_its_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut client =
        TcpStream::connect(listener.local_addr().expect("bound")).await.expect("connects").into_std().expect("std");
    client.set_nonblocking(false).expect("a socket");
    let (mut from, _) = listener.accept().await.expect("accepts");
    let sender = std::thread::spawn(move || client.write_all(&vec![b'x'; 64 * BUFFER_BOUND]));
    let mut direction = Direction::default();
    let mut space = vec![0; 4096];
    while direction.has_room() {
        let read = std::future::poll_fn(|cx| direction.poll_read(&mut from, cx, &mut space));
        let count = soon("bytes", read).await.expect("reads");
        direction.buffer.push(&space[..count]);
        // The last piece may have room left.
        assert!(direction.buffer.len() <= BUFFER_BOUND && direction.buffer.capacity() <= BUFFER_BOUND + 16 * 1024);
    }
    assert_eq!(direction.buffer.len(), BUFFER_BOUND);
    drop(from);
    // Whether the sockets had room for all of it is the kernel's affair.
    let _ = sender.join().expect("ends");
}

#[tokio::test(flavor = "current_thread")]
async fn a_parked_stream_is_read_no_further_than_the_bound() {
    let mut bench = Bench::new([gate(1, Phase::RequestBody, 1)]).await;
    let (mut client, _server) = bench.pair().await;
    client.say("POST /a HTTP/1.1\r\ncontent-length: 99999999\r\n\r\nx").await;
    bench.parked().await;
    // As much as goes into the sockets and the link; what the link has read of it is what the cut withholds.
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..1000 {
        let _ = client.0.try_write(&chunk);
        tokio::task::yield_now().await;
    }
    let effect = bench.link.cut(1, CutMode::Rst, Toward::Both).await;
    assert_eq!(effect.withheld, BUFFER_BOUND as u64);
}

#[tokio::test(flavor = "current_thread")]
async fn traffic_that_never_pauses_keeps_nobody_from_acting() {
    let bench = Bench::new([]).await;
    let (client, server) = bench.pair().await;
    let [mut source, mut sink] = [server, client].map(|peer| {
        let stream = peer.0.into_std().expect("std");
        stream.set_nonblocking(false).expect("a socket");
        stream
    });
    // Peers of their own, as fast as the machine is.
    let sending = std::thread::spawn(move || while source.write_all(&[b'x'; 16 * 1024]).is_ok() {});
    let reading = std::thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        while sink.read(&mut chunk).is_ok_and(|count| count > 0) {}
    });
    let (mut other, mut other_server) = bench.pair().await;
    for _ in 0..20 {
        other.exchange(&mut other_server).await;
    }
    assert_eq!(bench.link.cut(1, CutMode::Rst, Toward::Both).await.broken, 1);
    sending.join().expect("ends");
    reading.join().expect("ends");
}

#[tokio::test(flavor = "current_thread")]
async fn a_large_exchange_passes_unchanged_in_both_directions_at_once() {
    let bench = Bench::new([]).await;
    let (mut client, mut server) = bench.pair().await;
    let text: String = (0..400_000).map(|number| format!("{number:07}\n")).collect();
    let (up, down) = (text.clone(), text.clone());
    let both = async {
        let (client, server) = (client.0.split(), server.0.split());
        let write = async |mut half: tokio::net::tcp::WriteHalf<'_>, text: String| {
            tokio::io::AsyncWriteExt::write_all(&mut half, text.as_bytes()).await.expect("writes");
            tokio::io::AsyncWriteExt::shutdown(&mut half).await.expect("ends");
        };
        let read = async |mut half: tokio::net::tcp::ReadHalf<'_>| {
            let mut all = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut half, &mut all).await.expect("reads");
            all
        };
        tokio::join!(write(client.1, up), write(server.1, down), read(client.0), read(server.0))
    };
    let ((), (), from_server, from_client) = soon("the exchange", both).await;
    assert!(from_server == text && from_client == text);
}
