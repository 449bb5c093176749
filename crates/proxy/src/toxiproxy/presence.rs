//! A dead upstream that looks dead (an extension): nobody listens for it while it is down.
//!
//! A proxy that accepts cannot refuse any more, so it has to know beforehand. Of an upstream on this machine the kernel knows
//! whether anybody listens, and is asked for that every few milliseconds; the server notices nothing of it. Any other
//! upstream is connected to, less often, and sees these connections come and go.

use std::net::SocketAddrV4;
use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, sleep, timeout};

use crate::{EventLink, Upstream, is_listened_at};

/// How often the kernel is asked. That long after its upstream has died a proxy may still accept.
const LOCAL: Duration = Duration::from_millis(10);
/// How often an upstream elsewhere is connected to, and how long what is known of a name is taken for true.
const REMOTE: Duration = Duration::from_millis(250);
/// How long a connect or the look-up of a name may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The watch over one upstream. Dropping it ends it, and leaves the link as it is.
#[derive(Debug)]
pub(super) struct Presence(JoinHandle<()>);

impl Presence {
    /// Watches an upstream for a link. When this returns, the link refuses if the upstream is down.
    pub async fn watch(link: &Rc<EventLink>, upstream: Upstream) -> Self {
        let mut watch = Watch { upstream, local: None, known_at: None };
        let pause = watch.look(link).await;
        Self(spawn_local(watch.run(Rc::downgrade(link), pause)))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Watch {
    upstream: Upstream,
    /// Its address, if it is on this machine.
    local: Option<SocketAddrV4>,
    known_at: Option<Instant>,
}

impl Watch {
    async fn run(mut self, link: Weak<EventLink>, mut pause: Duration) {
        loop {
            // Nothing tells when somebody begins or ends to listen.
            sleep(pause).await;
            let Some(link) = link.upgrade() else { return };
            pause = self.look(&link).await;
        }
    }

    /// Lets the link refuse or accept; gives the time until it is to be looked at again.
    async fn look(&mut self, link: &EventLink) -> Duration {
        if self.known_at.is_none_or(|at| at.elapsed() >= REMOTE) {
            self.local = timeout(PATIENCE, self.upstream.local()).await.unwrap_or_default();
            self.known_at = Some(Instant::now());
        }
        let listened_at = self.local.and_then(|addr| is_listened_at(addr).ok());
        // The kernel may lead an address elsewhere, to a container: only a connect that fails proves that nobody is there.
        let is_there = listened_at == Some(true) || self.is_reached().await;
        if is_there {
            link.accept();
        } else {
            link.refuse();
        }
        match (listened_at, is_there) {
            (Some(true), _) | (Some(false), false) => LOCAL,
            _ => REMOTE,
        }
    }

    async fn is_reached(&self) -> bool {
        timeout(PATIENCE, self.upstream.is_reached()).await.unwrap_or(false)
    }
}
