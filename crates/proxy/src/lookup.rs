//! Names are looked up by threads of their own: a name server that is silent keeps nobody waiting but those who ask for that name.

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use tokio::sync::oneshot;

/// How many names may be looked up at a time. Each has a thread, which lasts as long as the system's resolver tries.
const MOST: usize = 2048;
/// The stack of such a thread, in bytes.
const STACK: usize = 512 * 1024;

type Answer = Result<Vec<SocketAddr>, (io::ErrorKind, String)>;
type Ask = dyn Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// Looks up `HOST:PORT`.
///
/// # Errors
/// Why it has no address.
pub(super) async fn look_up(name: &str) -> io::Result<Vec<SocketAddr>> {
    static SYSTEM: OnceLock<Resolver> = OnceLock::new();
    if let Ok(addr) = name.parse() {
        return Ok(vec![addr]);
    }
    SYSTEM.get_or_init(|| Resolver::new(|name| name.to_socket_addrs().map(Iterator::collect))).look_up(name).await
}

struct Resolver {
    ask: Arc<Ask>,
    /// Who waits for which name.
    waiting: Arc<Mutex<HashMap<String, Vec<oneshot::Sender<Answer>>>>>,
}

impl Resolver {
    fn new(ask: impl Fn(&str) -> io::Result<Vec<SocketAddr>> + Send + Sync + 'static) -> Self {
        Self { ask: Arc::new(ask), waiting: Arc::default() }
    }

    async fn look_up(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let answer = self.begin(name)?;
        // The sender is dropped only where the thread has panicked.
        let answer = answer.await.map_err(|_| io::Error::other("the lookup was given up"))?;
        answer.map_err(|(kind, why)| io::Error::new(kind, why))
    }

    /// Asks for a name, together with whoever asks for it already.
    fn begin(&self, name: &str) -> io::Result<oneshot::Receiver<Answer>> {
        let (sender, answer) = oneshot::channel();
        let mut waiting = lock(&self.waiting);
        if let Some(others) = waiting.get_mut(name) {
            others.push(sender);
            return Ok(answer);
        }
        if waiting.len() >= MOST {
            return Err(io::Error::other(format!("{MOST} names are being looked up already")));
        }
        let thread = std::thread::Builder::new().name("lookup".to_owned()).stack_size(STACK);
        let (ask, everybody, key) = (Arc::clone(&self.ask), Arc::clone(&self.waiting), name.to_owned());
        // Nobody can be told before the lock is free again.
        thread.spawn(move || {
            let answer = ask(&key).map_err(|why| (why.kind(), why.to_string()));
            for waits in lock(&everybody).remove(&key).unwrap_or_default() {
                // It may have been given up.
                let _ = waits.send(answer.clone());
            }
        })?;
        waiting.insert(name.to_owned(), vec![sender]);
        Ok(answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Condvar, mpsc};

    #[tokio::test(flavor = "current_thread")]
    async fn nobody_waits_for_a_name_that_another_one_asks_for() {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let (asked, waits) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&gate));
        let counts = Arc::clone(&asked);
        let resolver = Resolver::new(move |name| {
            counts.fetch_add(1, Ordering::Relaxed);
            if name.starts_with("silent") {
                let _open = waits.1.wait_while(lock(&waits.0), |open| !*open);
            }
            Ok(vec![([127, 0, 0, 1], 9).into()])
        });
        let silent: Vec<_> =
            (0..700).map(|number| resolver.begin(&format!("silent-{number}:80")).expect("a thread")).collect();
        let again = resolver.begin("silent-0:80").expect("the same thread");
        assert_eq!(resolver.look_up("quick:80").await.expect("an address").len(), 1);
        *lock(&gate.0) = true;
        gate.1.notify_all();
        for answer in silent.into_iter().chain([again]) {
            answer.await.expect("an answer").expect("an address");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 701);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn so_many_at_once_are_refused_at_once() {
        let (held, hold) = mpsc::channel::<()>();
        let hold = Mutex::new(hold);
        let resolver = Resolver::new(move |_| {
            let _ = lock(&hold).recv();
            Err(io::ErrorKind::NotFound.into())
        });
        let all: Vec<_> = (0..MOST).filter_map(|number| resolver.begin(&format!("{number}:80")).ok()).collect();
        assert!(resolver.begin("one-more:80").is_err());
        drop(held);
        for answer in all {
            assert_eq!(answer.await.expect("an answer").expect_err("no address").0, io::ErrorKind::NotFound);
        }
    }
}
