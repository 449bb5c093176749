//! What toxics leave to chance: the same for the same seed, link, connection, toxic and place in the stream, whatever else
//! happens meanwhile and however the bytes come.

/// Draws for one toxic on one connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64, link: &str, connection: u64, toxic: &str) -> Self {
        let mut state = mix(seed);
        for text in [link, toxic] {
            state = text.bytes().fold(mix(state), |state, byte| mix(state ^ u64::from(byte)));
        }
        Self(mix(state ^ connection))
    }

    /// The draw for a place, evenly from 0 to 1 (not included).
    pub fn share(self, place: u64) -> f64 {
        (mix(self.0 ^ mix(place)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// The draw for a place, evenly from 0 to `most`.
    pub fn up_to(self, most: u64, place: u64) -> u64 {
        // Its share of a range that is small against 2^53.
        ((most as f64 + 1.0) * self.share(place)) as u64
    }
}

/// The step and the finalizer of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_differ_by_everything_that_they_depend_on() {
        let chance = Chance::new(1, "a", 2, "t");
        assert_eq!(chance.share(3).to_bits(), Chance::new(1, "a", 2, "t").share(3).to_bits());
        for other in [
            Chance::new(2, "a", 2, "t").share(3),
            Chance::new(1, "b", 2, "t").share(3),
            Chance::new(1, "a", 3, "t").share(3),
            Chance::new(1, "a", 2, "u").share(3),
            chance.share(4),
        ] {
            assert_ne!(chance.share(3).to_bits(), other.to_bits());
        }
    }

    #[test]
    fn draws_are_even() {
        let chance = Chance::new(7, "a", 1, "t");
        let mut counts = [0_u32; 10];
        for place in 0..10_000 {
            counts[chance.up_to(9, place) as usize] += 1;
        }
        // Five standard deviations: with a fixed seed it holds or not, for good.
        assert!(counts.iter().all(|count| count.abs_diff(1000) < 150), "{counts:?}");
    }
}
