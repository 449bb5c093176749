//! The rows of the table: what is asked of the proxy.

use super::path::Way;

/// A row.
#[derive(Debug)]
pub struct Row {
    pub name: &'static str,
    pub unit: Unit,
    /// Compared with the direct way, and not with a number.
    pub ratio: bool,
    pub bar: Bar,
    pub aim: &'static str,
}

impl Row {
    /// A row that compares with the direct way.
    pub const fn ratio(name: &'static str, unit: Unit, bar: Bar, aim: &'static str) -> Self {
        Self { name, unit, ratio: true, bar, aim }
    }

    /// A row that compares with a number.
    pub const fn number(name: &'static str, unit: Unit, bar: Bar, aim: &'static str) -> Self {
        Self { name, unit, ratio: false, bar, aim }
    }
}

/// What must hold, at least.
#[derive(Debug, Clone, Copy)]
pub enum Bar {
    AtLeast(f64),
    AtMost(f64),
    Within(f64, f64),
}

/// How a measured value is written.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    BytesPerSecond,
    SecondsPerGib,
    Seconds,
    PerSecond,
    Bytes,
    Ratio,
}

impl Bar {
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
            Self::Within(least, most) => (least..=most).contains(&value),
        }
    }

    pub fn text(self, unit: Unit) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", unit.text(least)),
            Self::AtMost(most) => format!("≤ {}", unit.text(most)),
            Self::Within(least, most) => format!("{} – {}", unit.text(least), unit.text(most)),
        }
    }
}

impl Unit {
    pub fn text(self, value: f64) -> String {
        match self {
            _ if value.is_nan() => "no value".to_owned(),
            Self::BytesPerSecond => format!("{:.2} GB/s", value / 1e9),
            Self::SecondsPerGib => format!("{value:.2} s/GiB"),
            Self::Seconds if value.abs() < 1e-3 => format!("{:.1} µs", value * 1e6),
            Self::Seconds => format!("{:.2} ms", value * 1e3),
            Self::PerSecond => format!("{value:.0} /s"),
            Self::Bytes => format!("{:.1} KiB", value / 1024.0),
            Self::Ratio => format!("{value:.2}×"),
        }
    }
}

/// The values of a row, one a round for each way; none for a way that is not measured.
#[derive(Debug)]
pub struct Values {
    pub row: &'static Row,
    pub direct: Vec<f64>,
    pub control: Vec<f64>,
    pub ours: Vec<f64>,
}

impl Values {
    pub fn new(row: &'static Row) -> Self {
        Self { row, direct: Vec::new(), control: Vec::new(), ours: Vec::new() }
    }

    pub fn push(&mut self, way: Way, value: f64) {
        match way {
            Way::Direct => self.direct.push(value),
            Way::Control => self.control.push(value),
            Way::Ours(_) => self.ours.push(value),
        }
    }
}
