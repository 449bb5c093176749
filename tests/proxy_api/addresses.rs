//! Addresses and paths, however they are written.

use std::io::{Read, Write};
use std::net::TcpListener;

use quietdown::process::ReservedPort;

use crate::served::{Served, connect, echo};

#[test]
fn a_path_with_needless_segments_is_led_to_the_one_without() {
    let served = Served::new();
    for (path, clean) in
        [("//proxies", "/proxies"), ("/proxies//a?x=1", "/proxies/a?x=1"), ("/x/../version", "/version")]
    {
        for method in ["GET", "POST"] {
            let response = served.ask(method, path, "");
            assert_eq!((response.status, response.header("location")), (301, Some(clean)), "{method} {path}");
        }
    }
}

#[test]
fn a_proxy_that_has_not_listened_yet_is_answered_with_the_host_that_was_written() {
    let served = Served::new();
    let port = ReservedPort::new().expect("a port");
    let named = format!("localhost:{}", port.addr().port());
    let body = format!(r#"{{"name":"a","listen":"{named}","upstream":"localhost:1","enabled":false}}"#);
    assert_eq!(served.must(201, "POST", "/proxies", &body)["listen"], named);
    assert_eq!(served.must(200, "GET", "/proxies/a", "")["listen"], named);
    let address = port.addr().to_string();
    assert_eq!(served.must(200, "PATCH", "/proxies/a", r#"{"enabled":true}"#)["listen"], address);
    let down = served.must(200, "PATCH", "/proxies/a", r#"{"enabled":false}"#);
    assert_eq!((&down["listen"], &down["upstream"]), (&address.into(), &"localhost:1".into()));
}

#[test]
fn all_addresses_are_those_of_both_families() {
    if TcpListener::bind("[::]:0").is_err() {
        println!("left out: this machine has no IPv6");
        return;
    }
    let served = Served::new();
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let body = format!(r#"{{"name":"{listen}","listen":"{listen}","upstream":"{}"}}"#, echo());
        let proxy = served.must(201, "POST", "/proxies", &body);
        let answered = proxy["listen"].as_str().expect("a text");
        let port = answered.strip_prefix("[::]:").unwrap_or_else(|| panic!("{listen} is answered with {answered}"));
        for host in ["127.0.0.1", "[::1]"] {
            let mut client = connect(format!("{host}:{port}").parse().expect("an address"));
            client.write_all(b"x").expect("sent");
            client.read_exact(&mut [0]).expect("a byte comes back");
        }
    }
}

#[test]
fn an_upstream_that_is_a_url_is_refused_with_what_to_write() {
    let served = Served::new();
    let response = served.ask("POST", "/proxies", r#"{"name":"a","upstream":"http://example.com:80"}"#);
    assert_eq!(response.status, 400);
    assert!(response.body.contains("write HOST:PORT alone: example.com:80"), "{response:?}");
}
