//! The listening end of a link, which can also refuse: its port stays taken, and nobody listens there.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};

use rustix::net::{Shutdown, bind, getsockname, listen, shutdown, sockopt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::descriptors::{self, for_traffic};
use super::upstream::stream_socket;

const BACKLOG: i32 = 1024;

/// A port that is listened on, or refused.
#[derive(Debug)]
pub(super) struct Listener {
    addr: SocketAddr,
    socket: OwnedFd,
    /// A second descriptor, for the runtime while it accepts: it must be there when somebody connects.
    for_runtime: Mutex<Option<OwnedFd>>,
    /// Counts the changes; whether it listens now.
    listening: watch::Sender<bool>,
    change: Mutex<()>,
}

impl Listener {
    /// Takes a port, an ephemeral one for 0, and refuses at first. `receive_buffer` is that of the connections, in bytes.
    ///
    /// # Errors
    /// When the address is taken or none of this machine's.
    pub fn new(addr: SocketAddr, receive_buffer: Option<u32>) -> io::Result<Self> {
        // A port that the kernel chose is given back when the listening ends; one that was asked for stays bound. So one
        // socket finds a port, and another one asks for it.
        let finder = bound(addr)?;
        let addr: SocketAddr = getsockname(&finder)?.try_into().map_err(io::Error::other)?;
        let socket = bound(addr)?;
        // Accepted sockets inherit it, as they do what `bound` sets.
        if let Some(size) = receive_buffer {
            sockopt::set_socket_recv_buffer_size(&socket, size as usize)?;
        }
        let for_runtime = Mutex::new(Some(for_traffic(socket.try_clone()?)?));
        Ok(Self { addr, socket, for_runtime, listening: watch::Sender::new(false), change: Mutex::new(()) })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Listens, or refuses, from now on. Connections that exist go on; those that wait to be accepted are reset.
    pub fn set(&self, listening: bool) -> io::Result<()> {
        let _one_at_a_time = self.change.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if *self.listening.borrow() == listening {
            return Ok(());
        }
        if listening {
            listen(&self.socket, BACKLOG)?;
        } else {
            // On Linux this ends the listening, and the address stays bound.
            shutdown(&self.socket, Shutdown::Read)?;
        }
        self.listening.send_replace(listening);
        Ok(())
    }

    pub fn is_listening(&self) -> bool {
        *self.listening.borrow()
    }

    /// Gives every connection that comes to `take`. Never ends.
    pub async fn run(&self, mut take: impl FnMut((TcpStream, SocketAddr))) {
        let mut changes = self.listening.subscribe();
        loop {
            turns(&mut changes, true).await;
            let Ok(listener) = self.accepting() else {
                // Nothing tells when the runtime takes it.
                tokio::time::sleep(RETRY).await;
                continue;
            };
            let mut refuses = pin!(turns(&mut changes, false));
            loop {
                tokio::select! {
                    biased;
                    () = &mut refuses => break,
                    accepted = poll_fn(|cx| listener.poll_accept(cx)) => match accepted {
                        Ok((client, addr)) => match for_traffic(client) {
                            Ok(client) => take((client, canonical(addr))),
                            // Closed by now: who is not served must not hang.
                            Err(why) => descriptors::note(&why),
                        },
                        // Such as too many open files: nothing tells when there are fewer.
                        Err(why) if self.is_listening() => {
                            descriptors::note(&why);
                            tokio::time::sleep(RETRY).await;
                        }
                        Err(_) => break,
                    },
                }
            }
            if let Ok(listener) = listener.into_std() {
                *self.for_runtime() = Some(listener.into());
            }
        }
    }

    fn accepting(&self) -> io::Result<TcpListener> {
        let descriptor = match self.for_runtime().take() {
            Some(descriptor) => descriptor,
            None => self.socket.try_clone()?,
        };
        TcpListener::from_std(descriptor.into())
    }

    fn for_runtime(&self) -> MutexGuard<'_, Option<OwnedFd>> {
        self.for_runtime.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn bound(addr: SocketAddr) -> io::Result<OwnedFd> {
    // Accepted sockets inherit its options (tcp(7)).
    let socket = stream_socket(addr)?;
    sockopt::set_socket_reuseaddr(&socket, true)?;
    if addr.is_ipv6() && addr.ip().is_unspecified() {
        // Whatever the machine's default is: those of IPv4, too.
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    bind(&socket, &addr)?;
    Ok(socket)
}

/// An address of IPv4 as such, also where a listener of IPv6 was connected to.
fn canonical(addr: SocketAddr) -> SocketAddr {
    SocketAddr::new(addr.ip().to_canonical(), addr.port())
}

async fn turns(listening: &mut watch::Receiver<bool>, wanted: bool) {
    // The sender lives in the listener, which is borrowed meanwhile: it cannot be gone.
    let _ = listening.wait_for(|listening| *listening == wanted).await;
}

/// How long to wait before accepting again after a failure.
const RETRY: std::time::Duration = std::time::Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn refuses_and_listens_again_on_the_same_port() {
        let listener = std::sync::Arc::new(Listener::new(([127, 0, 0, 1], 0).into(), None).expect("a port"));
        let addr = listener.addr();
        let (sent, mut came) = tokio::sync::mpsc::unbounded_channel();
        let running = listener.clone();
        let task = tokio::spawn(async move { running.run(|stream| drop(sent.send(stream))).await });
        for _ in 0..3 {
            assert_eq!(TcpStream::connect(addr).await.expect_err("refused").kind(), io::ErrorKind::ConnectionRefused);
            listener.set(true).expect("listens");
            let _client = TcpStream::connect(addr).await.expect("accepted");
            came.recv().await.expect("a connection");
            listener.set(false).expect("refuses");
        }
        task.abort();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn accepted_connections_have_the_receive_buffer_that_was_asked_for() {
        let listener = std::sync::Arc::new(Listener::new(([127, 0, 0, 1], 0).into(), Some(50_000)).expect("a port"));
        let (sent, mut came) = tokio::sync::mpsc::unbounded_channel();
        let running = listener.clone();
        let task = tokio::spawn(async move { running.run(|(stream, _)| drop(sent.send(stream))).await });
        listener.set(true).expect("listens");
        let _client = TcpStream::connect(listener.addr()).await.expect("accepted");
        let accepted = came.recv().await.expect("a connection");
        assert_eq!(sockopt::socket_recv_buffer_size(&accepted).expect("a size"), 2 * 50_000);
        task.abort();
    }
}
