//! `quietdown log`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::report;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use quietdown_log::{Format, Level, Summary, Survey};

use super::{FAILED, PASSED, WRONG};

/// Judges logs from anywhere: which formats, how many records of each level, which tracebacks and how often.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 no traceback (and with --max-level nothing above it), 1 something was found, 2 a file cannot be read.")]
pub struct Log {
    /// Log files of any size; `-`, or none, is standard input.
    files: Vec<PathBuf>,
    /// The format of the records, if it is to be no other; default: whatever each line fits.
    #[arg(long, value_parser = formats(), conflicts_with = "regex")]
    format: Option<Format>,
    /// A regular expression that the first line of each record matches, with groups `level`, `target`, `message`.
    #[arg(long, value_name = "EXPRESSION")]
    regex: Option<String>,
    /// Records above this level are findings, too.
    #[arg(long, value_enum, value_name = "LEVEL")]
    max_level: Option<Max>,
    /// How many lines to show of the first traceback of each kind.
    #[arg(long, value_name = "N", default_value = "0")]
    lines: usize,
    /// Write one JSON object for each file instead.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Max {
    Trace,
    Debug,
    Info,
    Warn,
}

impl Log {
    pub fn execute(self) -> u8 {
        let format = match &self.regex {
            Some(expression) => Format::Regex(expression.clone()),
            None => self.format.clone().unwrap_or(Format::Auto),
        };
        let files = if self.files.is_empty() { vec![PathBuf::from("-")] } else { self.files.clone() };
        let mut code = PASSED;
        for path in &files {
            match read(path, &format) {
                Ok(summary) => code = code.max(self.tell(path, &summary)),
                Err(why) => {
                    super::complain(format_args!("quietdown: {}: {why}", path.display()));
                    code = WRONG;
                }
            }
        }
        code
    }

    fn tell(&self, path: &Path, summary: &Summary) -> u8 {
        let name = if path == Path::new("-") { "standard input".into() } else { path.to_string_lossy() };
        let max = self.max_level.map(|max| match max {
            Max::Trace => Level::Trace,
            Max::Debug => Level::Debug,
            Max::Info => Level::Info,
            Max::Warn => Level::Warn,
        });
        let above = max.and_then(|level| report::above(summary, level));
        if self.json {
            super::say_exactly(serde_json::json!({ "file": name, "summary": summary }));
        } else {
            super::say(report::survey(&name, summary, self.lines).trim_end());
            if let Some(above) = &above {
                super::say(above);
            }
        }
        if summary.traceback_count() > 0 || above.is_some() { FAILED } else { PASSED }
    }
}

fn read(path: &Path, format: &Format) -> Result<Summary, String> {
    let mut survey = Survey::new(format)?;
    let mut input: Box<dyn Read> = match path {
        path if path == Path::new("-") => Box::new(std::io::stdin().lock()),
        path => Box::new(File::open(path).map_err(|why| why.to_string())?),
    };
    // Small enough to stay in the processor's cache from the reading to the looking.
    let mut buffer = vec![0; 256 << 10];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(survey.finish()),
            Ok(length) => survey.feed(&buffer[..length]),
            Err(why) if why.kind() == std::io::ErrorKind::Interrupted => {}
            Err(why) => return Err(why.to_string()),
        }
    }
}

/// The formats by their names.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::NAMED.iter().map(|(name, _)| *name))
        .map(|name| Format::named(&name).unwrap_or(Format::Auto))
}
