//! The table that the bench prints.

use super::row::{Unit, Values};
use super::stats::median;

/// One line, as it is printed.
pub struct Line {
    /// What our proxy comes to.
    pub ours: f64,
    pub cells: [String; 6],
    pub mark: &'static str,
    /// The bar was missed, and the machine was quiet.
    pub missed: bool,
}

/// What the values come to.
pub fn line(values: &Values) -> Line {
    let row = values.row;
    let (unit, control, ours) = if row.ratio {
        (Unit::Ratio, ratios(&values.control, &values.direct), ratios(&values.ours, &values.direct))
    } else {
        (row.unit, median(values.control.iter().copied()), median(values.ours.iter().copied()))
    };
    let met = row.bar.holds(ours);
    let noisy = !met && !values.control.is_empty() && !row.bar.holds(control);
    let text = |of: &[f64], value: f64| if of.is_empty() { "–".to_owned() } else { unit.text(value) };
    let direct =
        if values.direct.is_empty() { "–".to_owned() } else { row.unit.text(median(values.direct.iter().copied())) };
    Line {
        ours,
        cells: [
            row.name.to_owned(),
            row.bar.text(unit),
            row.aim.to_owned(),
            direct,
            text(&values.control, control),
            text(&values.ours, ours),
        ],
        mark: match (met, noisy) {
            (true, _) => "",
            (false, true) => "the machine was noisy",
            (false, false) => "MISSED",
        },
        missed: !met && !noisy,
    }
}

/// The median of the ratios of each round.
fn ratios(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(of, to)| of / to))
}

const WIDTHS: [usize; 6] = [36, 18, 8, 12, 12, 12];

/// Prints the head of the table.
pub fn print_head() {
    print(&["", "bar", "aim", "direct", "control", "ours"].map(str::to_owned), "");
}

/// Prints a line.
pub fn print(cells: &[String; 6], mark: &str) {
    let [name, rest @ ..] = cells;
    let mut text = format!("{name:<width$}", width = WIDTHS[0]);
    for (cell, width) in rest.iter().zip(&WIDTHS[1..]) {
        text += &format!("  {cell:>width$}");
    }
    println!("{}", format!("{text}  {mark}").trim_end());
}
