//! Proxies that lead to themselves: each connection would open the next one, until no descriptor is left.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ApiError;
use crate::Upstream;
use crate::upstream::leads_to;

/// A proxy, as far as it matters here.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub name: String,
    pub listen: SocketAddr,
    pub upstream: Upstream,
}

/// Refuses a proxy that leads to itself, also by way of others. Of names only those of this machine are known; a proxy that
/// finds itself behind another name does not connect.
pub(super) fn refuse(new: &Hop, others: &[Hop]) -> Result<(), ApiError> {
    let all: Vec<&Hop> = others.iter().filter(|hop| hop.name != new.name).chain([new]).collect();
    let (mut hop, mut way) = (new, Vec::new());
    // No way without a circle is longer than there are proxies.
    for _ in 0..all.len() {
        let targets = known(&hop.upstream);
        let leads = |next: &&&Hop| next.listen.port() != 0 && targets.iter().any(|addr| leads_to(*addr, next.listen));
        let Some(next) = all.iter().find(leads) else { return Ok(()) };
        if next.name == new.name {
            let by_way_of = match way.is_empty() {
                true => String::new(),
                false => format!(" by way of {}", way.join(", ")),
            };
            let problem = format!("`{}` is the proxy itself{by_way_of}; write the address of the server", new.upstream);
            return Err(ApiError::bad(format!("upstream: {problem}")));
        }
        way.push(format!("`{}`", next.name));
        hop = next;
    }
    Ok(())
}

/// The addresses of an upstream, as far as they are known without asking anybody.
fn known(upstream: &Upstream) -> Vec<SocketAddr> {
    match upstream {
        Upstream::Addr(addr) => vec![*addr],
        Upstream::Named(name) => match name.rsplit_once(':') {
            Some((host, port)) if host.trim_end_matches('.').eq_ignore_ascii_case("localhost") => {
                let port = port.parse().unwrap_or_default();
                vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
            }
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(name: &str, listen: &str, upstream: &str) -> Hop {
        let upstream = Upstream::parse(upstream).expect("an address");
        Hop { name: name.to_owned(), listen: listen.parse().expect("an address"), upstream }
    }

    #[test]
    fn a_proxy_that_leads_to_itself_is_refused_however_it_is_written() {
        for (listen, upstream) in [
            ("127.0.0.1:80", "127.0.0.1:80"),
            ("127.0.0.1:80", "localhost:80"),
            ("127.0.0.1:80", "0.0.0.0:80"),
            ("[::]:80", "127.0.0.1:80"),
            ("[::]:80", "127.9.9.9:80"),
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::1]:80", "LOCALHOST.:80"),
        ] {
            let error = refuse(&hop("a", listen, upstream), &[]).expect_err(listen);
            assert_eq!(error.status(), 400, "{listen} to {upstream}: {error}");
        }
        for (listen, upstream) in [
            ("127.0.0.1:80", "127.0.0.1:81"),
            ("127.0.0.1:80", "127.0.0.2:80"),
            ("[::1]:80", "127.0.0.1:80"),
            ("[::]:80", "192.0.2.1:80"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert_eq!(refuse(&hop("a", listen, upstream), &[]), Ok(()), "{listen} to {upstream}");
        }
    }

    #[test]
    fn a_circle_of_several_is_refused_where_it_is_closed() {
        let (a, b) = (hop("a", "127.0.0.1:1", "127.0.0.1:2"), hop("b", "127.0.0.1:2", "127.0.0.1:3"));
        assert_eq!(refuse(&a, &[]), Ok(()));
        assert_eq!(refuse(&b, std::slice::from_ref(&a)), Ok(()));
        let closing = hop("c", "127.0.0.1:3", "localhost:1");
        let error = refuse(&closing, &[a.clone(), b.clone()]).expect_err("a circle").to_string();
        assert!(error.contains("is the proxy itself by way of `a`, `b`"), "{error}");
        // What is replaced does not count.
        assert_eq!(refuse(&hop("a", "127.0.0.1:1", "127.0.0.1:9"), &[a, b, closing]), Ok(()));
    }
}
