//! What the kernel says of a process in `/proc/PID/stat` (proc_pid_stat(5)).

use std::fs;

/// A moment, as the kernel notes when processes start: in clock ticks since the machine was booted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(u64);

impl Tick {
    /// Now; a process that starts from here on has no lower one.
    pub fn now() -> Self {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        let per_second = rustix::param::clock_ticks_per_second();
        let parts = u64::try_from(now.tv_nsec).unwrap_or(0).saturating_mul(per_second) / 1_000_000_000;
        // The kernel's clock may be read a little before this one.
        Self((u64::try_from(now.tv_sec).unwrap_or(0).saturating_mul(per_second) + parts).saturating_sub(1))
    }

    pub fn number(self) -> u64 {
        self.0
    }
}

/// The fields that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Such as `S`, `T` (stopped) or `Z` (has ended, and is not reaped).
    pub state: char,
    pub parent: i32,
    pub group: i32,
    pub started: Tick,
    /// Whether it is replacing its program: its new memory has no environment yet.
    pub is_executing: bool,
}

/// The fields of a process; nothing when there is none with this id.
pub(super) fn stat(pid: i32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse(text: &str) -> Option<Stat> {
    // The second field, the name, may have anything in it.
    let fields: Vec<&str> = text.rsplit_once(") ")?.1.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<i32>().ok();
    Some(Stat {
        state: fields.first()?.chars().next()?,
        parent: number(1)?,
        group: number(2)?,
        started: Tick(fields.get(19)?.parse().ok()?),
        // env_start, the 50th.
        is_executing: fields.get(47).is_some_and(|start| *start == "0"),
    })
}

/// Whether a process stands still after SIGSTOP.
pub fn is_stopped(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| stat.state == 'T')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_blanks_is_no_field() {
        let text = "42 (a) R 7 b) S 7 9 9 0 -1 4194304 1 0 0 0 1 2 3 4 20 0 1 0 1234 1 1";
        assert_eq!(
            parse(text),
            Some(Stat { state: 'S', parent: 7, group: 9, started: Tick(1234), is_executing: false })
        );
        assert_eq!(parse("42 (a"), None);
        assert_eq!(parse("42 (a) S x"), None);
    }

    #[test]
    fn this_process_is_there_and_started_before_now() {
        let own = stat(std::process::id() as i32).expect("it is there");
        assert!(own.started <= Tick::now() && own.parent > 0 && own.state != 'Z');
        assert_eq!(stat(-1), None);
    }
}
