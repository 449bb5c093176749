//! Variants of a system, and what is known to fail on them.

use super::{ExpectedFailure, PLAIN, STORE_NAME, System, Variant};
use crate::file::known_names;

/// A variant that its system does not declare.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the system `{system}` has no variant `{variant}`; {help}")]
pub struct VariantError {
    system: String,
    variant: String,
    /// Which there are.
    help: String,
}

impl System {
    /// This system in the variant of this name; `plain` is the one without.
    ///
    /// # Errors
    /// When it declares no such variant.
    pub fn with_variant(&self, name: &str) -> Result<Self, VariantError> {
        let known = || self.file.variants.keys().map(|key| key.as_ref().as_str());
        if name != PLAIN && !known().any(|known| known == name) {
            let known: Vec<&str> = known().chain([PLAIN]).collect();
            let help = known_names(name, "variant", known);
            return Err(VariantError { system: self.file.name.clone(), variant: name.to_owned(), help });
        }
        Ok(Self { variant: (name != PLAIN).then(|| name.to_owned()), ..self.clone() })
    }

    /// The names of all its variants, the plain one first.
    pub fn variant_names(&self) -> impl Iterator<Item = &str> {
        [PLAIN].into_iter().chain(self.file.variants.keys().map(|key| key.as_ref().as_str()))
    }

    /// What is different in the variant that is meant, for a role; nothing if nothing is.
    pub fn variant_of(&self, role: &str) -> Option<&Variant> {
        let variant = self.variant_meant()?;
        let concerned = variant.roles.as_ref().is_none_or(|roles| roles.iter().any(|name| name.as_ref() == role));
        concerned.then_some(variant)
    }

    fn variant_meant(&self) -> Option<&Variant> {
        let meant = self.variant.as_ref()?;
        self.file.variants.iter().find(|(name, _)| name.as_ref() == meant).map(|(_, variant)| variant)
    }

    /// What the names of its snapshots have after the scenario's: nothing for the built-in store, else `@NAME`, and `+VARIANT` after it.
    pub fn suffix(&self) -> String {
        let name = match (self.file.name == STORE_NAME, &self.variant) {
            (true, None) => String::new(),
            _ => format!("@{}", self.file.name),
        };
        self.variant.iter().fold(name, |name, variant| format!("{name}+{variant}"))
    }

    /// Whether a snapshot with this suffix is compared with anything, as far as these systems tell: not if a variant is meant that
    /// its system does not declare, or without snapshots.
    pub fn makes_snapshots(known: &[Self], suffix: &str) -> bool {
        let Some((system, variant)) = suffix.strip_prefix('@').and_then(|name| name.split_once('+')) else {
            return true;
        };
        let system = known.iter().find(|known| known.file.name == system);
        system.is_none_or(|system| system.with_variant(variant).is_ok_and(|system| system.has_snapshots()))
    }

    /// A scenario's name with that of the variant.
    pub fn label(&self, scenario: &str) -> String {
        self.variant.as_ref().map_or_else(|| scenario.to_owned(), |variant| format!("{scenario}+{variant}"))
    }

    /// Whether transcripts are compared with snapshots.
    pub fn has_snapshots(&self) -> bool {
        self.variant_meant().and_then(|variant| variant.snapshots).or(self.file.snapshots).unwrap_or(true)
    }

    /// How a scenario is known to fail.
    pub fn expected_failure(&self, scenario: &str) -> Option<&ExpectedFailure> {
        let variant = self.variant.as_deref().unwrap_or(PLAIN);
        let mut all = self.file.expected_failures.iter().map(|expected| expected.as_ref());
        all.find(|expected| expected.scenario == scenario && expected.variants().contains(&variant))
    }
}

impl ExpectedFailure {
    /// The variants on which it fails.
    pub fn variants(&self) -> Vec<&str> {
        match &self.variants {
            None => vec![PLAIN],
            Some(names) => names.iter().map(|name| name.as_ref().as_str()).collect(),
        }
    }

    /// Whether another one is about one of its variants.
    pub(super) fn shares_with(&self, other: &Self) -> bool {
        self.variants().iter().any(|name| other.variants().contains(name))
    }
}
