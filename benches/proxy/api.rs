//! A client of the proxy's control API: one connection that is kept.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use super::client::connect;

pub struct Api {
    stream: BufReader<TcpStream>,
}

impl Api {
    pub fn connect(addr: SocketAddr) -> io::Result<Self> {
        Ok(Self { stream: BufReader::new(connect(addr)?) })
    }

    /// Makes a request; gives the answer's body.
    ///
    /// # Errors
    /// Also when the answer is one of failure.
    pub fn call(&mut self, method: &str, path: &str, body: &str) -> io::Result<String> {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let (status, answer) = self.answer()?;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(io::Error::other(format!("{method} {path} was answered with {status}: {answer}")))
        }
    }

    fn answer(&mut self) -> io::Result<(u16, String)> {
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            match (status, line.split_once(':')) {
                (None, _) => status = Some(line.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0)),
                (_, Some((name, value))) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().map_err(io::Error::other)?;
                }
                _ if line.is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status.unwrap_or(0), String::from_utf8(body).map_err(io::Error::other)?))
    }
}
