//! A timer of one connection. Those of the runtime are whole milliseconds; a slicer's delay is 100 µs.

use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use rustix::time::{timerfd_create, timerfd_settime};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Sleep;

use super::descriptors::for_traffic;

/// Wakes its task at a time. It has a file descriptor from its first use on.
#[derive(Debug, Default)]
pub(super) struct Timer {
    clock: Option<Clock>,
    set: Option<Instant>,
}

#[derive(Debug)]
enum Clock {
    Kernel(AsyncFd<OwnedFd>),
    /// Where no descriptor is left.
    Runtime(Pin<Box<Sleep>>),
}

impl Timer {
    /// Ready when the time has come; else the task is woken then.
    pub fn poll(&mut self, at: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        if at <= now {
            return Poll::Ready(());
        }
        if self.set != Some(at) || self.clock.is_none() {
            self.arm(at, at - now);
        }
        let rang = match &mut self.clock {
            Some(Clock::Kernel(clock)) => ring(clock, cx),
            Some(Clock::Runtime(sleep)) => sleep.as_mut().poll(cx),
            None => Poll::Pending,
        };
        if rang.is_ready() {
            self.set = None;
        }
        rang
    }

    fn arm(&mut self, at: Instant, span: Duration) {
        self.set = Some(at);
        if !matches!(self.clock, Some(Clock::Kernel(_))) {
            self.clock = clock().ok().map(Clock::Kernel);
        }
        let armed = matches!(&self.clock, Some(Clock::Kernel(clock)) if set(clock, span).is_ok());
        if !armed {
            self.clock = Some(Clock::Runtime(Box::pin(tokio::time::sleep_until(at.into()))));
        }
    }
}

fn clock() -> io::Result<AsyncFd<OwnedFd>> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    let timer = for_traffic(timerfd_create(TimerfdClockId::Monotonic, flags)?)?;
    // SAFETY: an owned descriptor is open until it is dropped, and nothing replaces it meanwhile.
    Ok(unsafe { AsyncFd::register_with_interest(timer, Interest::READABLE) }?)
}

fn set(clock: &AsyncFd<OwnedFd>, span: Duration) -> io::Result<()> {
    // All zero would disarm it.
    let nanos = i64::from(span.subsec_nanos()).max(i64::from(span.as_secs() == 0));
    let value = Timespec { tv_sec: span.as_secs() as i64, tv_nsec: nanos };
    let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
    timerfd_settime(clock, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}

fn ring(clock: &AsyncFd<OwnedFd>, cx: &mut Context<'_>) -> Poll<()> {
    loop {
        // It fails only when the runtime goes away, and this task with it.
        let Ok(mut guard) = ready!(clock.poll_read_ready(cx)) else { return Poll::Pending };
        let mut count = [0; 8];
        match guard.try_io(|clock| Ok(rustix::io::read(clock, &mut count)?)) {
            Ok(_) => return Poll::Ready(()),
            Err(_not_yet) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn it_rings_not_before_its_time_and_again_when_set_again() {
        let mut timer = Timer::default();
        for micros in [0, 1, 300, 2000, 1] {
            let at = Instant::now() + Duration::from_micros(micros);
            std::future::poll_fn(|cx| timer.poll(at, cx)).await;
            assert!(Instant::now() >= at);
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_earlier_time_replaces_a_later_one() {
        let mut timer = Timer::default();
        let later = Instant::now() + Duration::from_secs(3600);
        let rang = std::future::poll_fn(|cx| Poll::Ready(timer.poll(later, cx).is_ready())).await;
        assert!(!rang);
        let soon = Instant::now() + Duration::from_millis(1);
        std::future::poll_fn(|cx| timer.poll(soon, cx)).await;
        assert!(Instant::now() >= soon);
    }
}
