//! Addresses to listen on, as requests and flags write them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;

use super::ApiError;

/// Reads `HOST:PORT` and looks the host up. No host means 127.0.0.1: no port is opened to the network that nobody asked
/// for. No port, or 0, means a free one.
pub(super) async fn resolve(text: &str) -> Result<SocketAddr, ApiError> {
    if let Ok(addr) = text.parse() {
        return Ok(every_family(addr));
    }
    let wrong = || {
        ApiError::bad(format!(
            "listen: `{text}` is no address; write HOST:PORT, such as 127.0.0.1:8000, or :0 for a free port"
        ))
    };
    let (host, port) = if text.is_empty() { ("", "0") } else { text.rsplit_once(':').ok_or_else(wrong)? };
    let port: u16 = if port.is_empty() { 0 } else { port.parse().map_err(|_| wrong())? };
    if host.is_empty() {
        return Ok((Ipv4Addr::LOCALHOST, port).into());
    }
    if host.contains(':') || host.contains(char::is_whitespace) {
        return Err(wrong());
    }
    look_up(host, port).await.map_err(|error| cannot_listen(text, "lookup", &error))
}

/// All addresses are those of IPv6, too, where the machine has them: so does Go.
pub(super) fn every_family(addr: SocketAddr) -> SocketAddr {
    static HAS_V6: OnceLock<bool> = OnceLock::new();
    let all_v6 = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    if addr.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        && *HAS_V6.get_or_init(|| std::net::TcpListener::bind(all_v6).is_ok())
    {
        return (Ipv6Addr::UNSPECIFIED, addr.port()).into();
    }
    addr
}

/// The address to listen at for a host: as Go does, that of IPv4 where it has one.
pub(super) async fn look_up(host: &str, port: u16) -> io::Result<SocketAddr> {
    let found = crate::lookup::look_up(&format!("{host}:{port}")).await?;
    let best = found.iter().find(|addr| addr.is_ipv4()).or(found.first());
    best.copied().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

/// The error of an address that cannot be listened on, in the words of Go.
pub(super) fn cannot_listen(addr: impl std::fmt::Display, step: &str, error: &io::Error) -> ApiError {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    let text: String = letters.next().into_iter().flat_map(char::to_lowercase).chain(letters).collect();
    ApiError::Listen(format!("listen tcp {addr}: {step}: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn no_host_is_loopback_and_no_port_is_a_free_one() {
        for (text, addr) in [
            ("", "127.0.0.1:0"),
            (":", "127.0.0.1:0"),
            (":0", "127.0.0.1:0"),
            (":80", "127.0.0.1:80"),
            ("localhost:80", "127.0.0.1:80"),
            ("127.0.0.2:80", "127.0.0.2:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(resolve(text).await.map(|addr| addr.to_string()), Ok(addr.to_owned()), "{text}");
        }
        for wrong in ["80", "localhost", "localhost:http", "localhost:65536", "::1:80", "a b:80"] {
            assert_eq!(resolve(wrong).await.expect_err(wrong).status(), 400, "{wrong}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn all_addresses_are_those_of_both_families_where_there_are_two() {
        let all = resolve("0.0.0.0:80").await.expect("an address").to_string();
        let has_v6 = std::net::TcpListener::bind("[::]:0").is_ok();
        assert_eq!(all, if has_v6 { "[::]:80" } else { "0.0.0.0:80" });
    }

    #[test]
    fn a_taken_port_is_told_in_the_words_of_go() {
        let taken = io::Error::from_raw_os_error(98);
        let error = cannot_listen("127.0.0.1:80", "bind", &taken);
        assert_eq!(error.to_string(), "listen tcp 127.0.0.1:80: bind: address already in use");
    }
}
