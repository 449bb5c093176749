//! What a subreaper can be asked, and how that is written down.

use std::ffi::CString;

use serde::{Deserialize, Serialize};

pub(super) const START: u8 = 1;
pub(super) const REAP: u8 = 2;
pub(super) const ORPHANS: u8 = 3;
pub(super) const END_ORPHANS: u8 = 4;

/// A program to be started.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::process) struct Program {
    pub path: CString,
    pub folder: CString,
    /// With what it is told that it is called.
    pub argv: Vec<CString>,
    /// The whole environment.
    pub env: Vec<CString>,
}

/// A process that has lost its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrphanProcess {
    pub pid: i32,
    /// Its process group.
    pub group: i32,
    /// The mark in its environment; empty when there is none, or it is replacing its program.
    pub mark: String,
    /// Its command line.
    pub command: String,
}

/// Which orphans are meant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Belonging {
    everything: bool,
    mark: String,
    groups: Vec<i32>,
}

impl Belonging {
    /// All of them.
    pub fn everything() -> Self {
        Self { everything: true, mark: String::new(), groups: Vec::new() }
    }

    /// Those whose mark begins so, or that have none and are in one of these groups.
    pub fn to(mark: &str, groups: Vec<i32>) -> Self {
        Self { everything: false, mark: mark.to_owned(), groups }
    }

    pub fn is_everything(&self) -> bool {
        self.everything
    }

    pub fn has(&self, orphan: &OrphanProcess) -> bool {
        let by_group = orphan.mark.is_empty() && self.groups.contains(&orphan.group);
        self.everything || by_group || (!self.mark.is_empty() && orphan.mark.starts_with(&self.mark))
    }
}

impl Program {
    /// As bytes: words that end with NUL, first how many descriptors come with it and how many arguments it has.
    pub(super) fn encode(&self, descriptors: usize) -> Vec<u8> {
        let mut bytes = format!("{descriptors}\0{}\0", self.argv.len()).into_bytes();
        let words = [&self.path, &self.folder].into_iter().chain(&self.argv).chain(&self.env);
        words.for_each(|word| bytes.extend(word.as_bytes_with_nul()));
        bytes
    }

    /// The number of descriptors, and the program.
    pub(super) fn decode(bytes: &[u8]) -> Option<(usize, Self)> {
        let mut words =
            bytes.split_inclusive(|byte| *byte == 0).map(|word| CString::from_vec_with_nul(word.to_vec()).ok());
        let mut number = || words.next()??.into_string().ok()?.parse::<usize>().ok();
        let (descriptors, arguments) = (number()?, number()?);
        let (path, folder) = (words.next()??, words.next()??);
        let mut rest = words.collect::<Option<Vec<_>>>()?;
        let env = rest.split_off(arguments.min(rest.len()));
        Some((descriptors, Self { path, folder, argv: rest, env }))
    }
}

/// A number in an answer.
pub(super) fn number(answer: &[u8], at: usize) -> i32 {
    let bytes = answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, i32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_read_as_it_was_written() {
        let words = |words: &[&[u8]]| words.iter().map(|word| CString::new(*word).expect("no NUL")).collect::<Vec<_>>();
        let program = Program {
            path: c"/bin/sh".to_owned(),
            folder: c"/".to_owned(),
            argv: words(&[b"sh", b"", b"\xff\n"]),
            env: words(&[b"A=", b"B=\xfe"]),
        };
        assert_eq!(Program::decode(&program.encode(3)), Some((3, program)));
        for wrong in [&b""[..], b"3", b"3\0", b"3\x001\0/", b"x\0y\0/\0/\0", b"3\x001\0/\0/\0a"] {
            assert_eq!(Program::decode(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_mark_decides_before_a_group_does() {
        let orphan = |mark: &str, group| OrphanProcess { pid: 2, group, mark: mark.to_owned(), command: String::new() };
        let run = Belonging::to("h/run-1/", vec![7]);
        assert!(run.has(&orphan("h/run-1/server", 9)) && run.has(&orphan("", 7)));
        assert!(
            !run.has(&orphan("h/run-12/server", 9))
                && !run.has(&orphan("h/run-2/server", 7))
                && !run.has(&orphan("", 9))
        );
        assert!(Belonging::everything().has(&orphan("", 9)));
        assert!(!Belonging::to("", Vec::new()).has(&orphan("", 9)));
    }
}
