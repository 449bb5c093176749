//! The queue of what is to be run, scenarios and points alike: side by side, up to a deadline, with what it cost.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What running points cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// How many.
    pub points: usize,
    /// How long it took.
    pub wall: Duration,
    /// The processor time of the harness and of all processes that it started.
    pub cpu: Duration,
}

impl Cost {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { points: self.points + other.points, wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }

    /// Points in a second.
    pub fn rate(self) -> f64 {
        self.points as f64 / self.wall.as_secs_f64().max(1e-9)
    }

    /// Processor time of a point, in milliseconds.
    pub fn cpu_per_point(self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.points.max(1) as f64
    }
}

/// How many run at once when nobody says: twice the number of processors, because a scenario mostly waits.
pub(crate) fn side_by_side() -> NonZeroUsize {
    let processors = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    processors.saturating_mul(NonZeroUsize::MIN.saturating_add(1))
}

/// Runs all of `work` with so many at once; stops to begin at `deadline`. `run` gives a result, `done` takes them as they come,
/// and can end it all by giving `false`.
pub fn drive<W: Send, R: Send>(
    work: Vec<W>,
    jobs: NonZeroUsize,
    deadline: Option<Instant>,
    run: impl Fn(W) -> R + Sync,
    done: impl FnMut(R) -> bool + Send,
) -> Cost {
    let (began, cpu) = (Instant::now(), cpu_time());
    let count = work.len();
    let waiting = Mutex::new(work.into_iter().collect::<VecDeque<W>>());
    let done = Mutex::new((done, 0_usize));
    let late = || deadline.is_some_and(|deadline| Instant::now() >= deadline);
    std::thread::scope(|scope| {
        for _ in 0..jobs.get().min(count) {
            scope.spawn(|| {
                loop {
                    let next = if late() { None } else { lock(&waiting).pop_front() };
                    let Some(next) = next else { return };
                    let result = run(next);
                    let mut done = lock(&done);
                    done.1 += 1;
                    if !(done.0)(result) {
                        lock(&waiting).clear();
                    }
                }
            });
        }
    });
    let points = lock(&done).1;
    Cost { points, wall: began.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// The processor time of this process and of all that have ended of those that it has started, to a hundredth of a second.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(") ").map(|(_, rest)| rest).unwrap_or_default();
    // utime, stime, cutime and cstime (proc_pid_stat(5)).
    let ticks: u64 = after_name.split(' ').skip(11).take(4).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    let own = Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64);
    own + crate::process::children_cpu()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A panic of another point does not make these values wrong.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_run_once_unless_it_is_ended() {
        let jobs = NonZeroUsize::new(3).expect("three");
        let mut seen = Vec::new();
        let cost = drive(
            (1..=100).collect(),
            jobs,
            None,
            |number: u32| number,
            |number| {
                seen.push(number);
                true
            },
        );
        seen.sort_unstable();
        assert_eq!((seen, cost.points), ((1..=100).collect(), 100));
        let mut count = 0;
        let cost = drive(
            (1..=100).collect(),
            NonZeroUsize::MIN,
            None,
            |number: u32| number,
            |_| {
                count += 1;
                count < 5
            },
        );
        assert_eq!((count, cost.points), (5, 5));
        let cost = drive((1..=100).collect(), jobs, Some(Instant::now()), |number: u32| number, |_| true);
        assert_eq!(cost.points, 0, "the budget was over");
    }
}
