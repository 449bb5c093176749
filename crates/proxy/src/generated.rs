//! Tests on generated input.

/// How many seeds a test runs with: `QUIETDOWN_SEEDS`, for whoever changes what is tested; else few enough for every day.
pub(crate) fn seeds(every_day: u64) -> u64 {
    std::env::var("QUIETDOWN_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(every_day)
}
