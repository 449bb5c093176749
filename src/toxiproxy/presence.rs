//! A dead upstream that looks dead (an extension): nobody listens for it while it is down.
//!
//! A proxy that accepts cannot refuse any more, so it has to know beforehand. Of an upstream on this machine the kernel knows
//! whether anybody listens, and is asked for that every few milliseconds; the server notices nothing of it. Any other
//! upstream is connected to, less often, and sees these connections come and go.

use std::rc::{Rc, Weak};
use std::time::Duration;

use tokio::task::{JoinHandle, spawn_local};

use crate::proxy::{Link, Presence as Seen, Upstream};

/// How often the kernel is asked. That long after its upstream has died a proxy may still accept.
const LOCAL: Duration = Duration::from_millis(5);
/// How often an upstream elsewhere is connected to.
const REMOTE: Duration = Duration::from_millis(250);
/// How long that may take.
const DIAL: Duration = Duration::from_secs(1);

/// The watch over one upstream. Dropping it ends it, and leaves the link as it is.
#[derive(Debug)]
pub(super) struct Presence(JoinHandle<()>);

impl Presence {
    /// Watches an upstream for a link. When this returns, the link refuses if the upstream is down.
    pub async fn watch(link: &Rc<Link>, upstream: Upstream) -> Self {
        let pause = look(link, &upstream).await;
        Self(spawn_local(watch(Rc::downgrade(link), upstream, pause)))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn watch(link: Weak<Link>, upstream: Upstream, mut pause: Duration) {
    loop {
        // Nothing tells when somebody begins or ends to listen.
        tokio::time::sleep(pause).await;
        let Some(link) = link.upgrade() else { return };
        pause = look(&link, &upstream).await;
    }
}

/// Lets the link refuse or accept; gives the time until it is to be looked at again.
async fn look(link: &Link, upstream: &Upstream) -> Duration {
    let (is_there, pause) = match upstream.seen().await {
        Seen::Listens => (true, LOCAL),
        // The kernel may lead the address elsewhere, to a container: only a refusal proves that it is down. On this machine it
        // comes at once.
        Seen::Nobody => match tokio::time::timeout(DIAL, upstream.is_reached()).await {
            Ok(true) => (true, REMOTE),
            _ => (false, LOCAL),
        },
        Seen::Elsewhere => (tokio::time::timeout(DIAL, upstream.is_reached()).await.unwrap_or(false), REMOTE),
    };
    if is_there {
        link.accept();
    } else {
        link.refuse();
    }
    pause
}
