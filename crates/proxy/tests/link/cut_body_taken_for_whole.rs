//! A connection ends in the middle of a body. Does the client notice?

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::support::{Shop, ask, meanwhile};
use quietdown_proxy::{Cut, Link, Phase, Request};

/// A client that reads to the end of the stream, and never looks how long the body should be.
fn read_to_the_end(addr: SocketAddr, request: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(addr)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
}

/// What a client makes of a body of 5 bytes of which 2 come, and then the end of the stream.
fn body_read_by(client: fn(SocketAddr, &str) -> io::Result<String>) -> io::Result<String> {
    let shop = Shop::open();
    let link = Link::to(shop.addr).open().expect("a link");
    let cut = link.on(Request::get("/greeting").at(Phase::ResponseBody).byte(2)).cut(Cut::Fin).expect(1);
    let addr = link.addr();
    let read = meanwhile(move || client(addr, "GET /greeting HTTP/1.1\r\n\r\n")).join().expect("no panic");
    assert_eq!((cut.effect().broken, link.requests()[0].status), (1, Some(200)));
    read
}

#[test]
fn a_client_that_ignores_the_length_takes_a_part_for_the_whole() {
    assert_eq!(body_read_by(read_to_the_end).expect("it believes that all is well"), "he");
}

#[test]
fn a_client_that_counts_says_so() {
    assert_eq!(body_read_by(ask).expect_err("not all has come").kind(), io::ErrorKind::UnexpectedEof);
}
