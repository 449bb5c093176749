//! A server is asked to stop while a client keeps an idle connection. Does it end?

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::support::exchange;
use quietdown_proxy::{Cut, Link, Phase, Place, Request};

/// A server for one connection, which answers until it is stopped, and then waits for the connection to end.
struct Server {
    addr: SocketAddr,
    stream: mpsc::Receiver<TcpStream>,
    serving: JoinHandle<()>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound");
        let (accepted, stream) = mpsc::channel();
        let serving = thread::spawn(move || {
            let (stream, _) = listener.accept().expect("a connection");
            accepted.send(stream.try_clone().expect("a descriptor")).expect("the test lives");
            for line in BufReader::new(&stream).lines().map_while(Result::ok).filter(|line| line.is_empty()) {
                (&stream)
                    .write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n{line}").as_bytes())
                    .expect("sent");
            }
        });
        Self { addr, stream, serving }
    }

    /// Stops it. With `closes_idle`, it ends connections that carry no request.
    fn stop(self, closes_idle: bool) -> JoinHandle<()> {
        let stream = self.stream.recv().expect("a connection");
        if closes_idle {
            stream.shutdown(Shutdown::Both).expect("it is open");
        }
        self.serving
    }
}

#[test]
fn a_server_that_waits_for_idle_connections_ends_only_when_they_do() {
    let server = Server::start();
    let link = Link::to(server.addr).open().expect("a link");
    let idle = link.on(Place::idle()).count().expect(1);
    let mut client = TcpStream::connect(link.addr()).expect("accepted");
    exchange(&mut client, "GET / HTTP/1.1\r\n\r\n").expect("an answer");
    idle.reached_blocking(1).expect("nothing is under way any more");
    let stopped = server.stop(false);
    // The client keeps its connection, as pools of connections do: the server hangs in its shutdown.
    assert_eq!((link.connections(), stopped.is_finished()), (1, false));
    link.cut_blocking(Cut::Fin);
    stopped.join().expect("it ends now");
}

#[test]
fn a_server_that_closes_idle_connections_ends_by_itself() {
    let server = Server::start();
    let link = Link::to(server.addr).open().expect("a link");
    let answered = link.gate(Request::get("/").at(Phase::ResponseSent));
    let mut client = TcpStream::connect(link.addr()).expect("accepted");
    exchange(&mut client, "GET / HTTP/1.1\r\n\r\n").expect("an answer");
    answered.reached_blocking().expect("all of it has passed");
    answered.resume();
    server.stop(true).join().expect("it ends");
}
