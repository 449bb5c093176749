//! The timeline was taken to its end, and every fault met something: otherwise the run tested nothing.

use super::Case;
use crate::finding::{Finding, FindingKind};

pub(super) fn judge(case: Case<'_>, findings: &mut Vec<Finding>) {
    if let Some(failure) = &case.evidence.failure {
        let place =
            if failure.step == 0 { "before the first step".to_owned() } else { format!("step {}", failure.step) };
        let message = format!("{place}: {}", failure.message);
        findings.push(Finding::new(FindingKind::StepFailed, message).excerpt(failure.seen.iter().cloned()));
    }
    for fault in case.evidence.faults.iter().filter(|fault| fault.fired.is_none()) {
        let message = format!(
            "step {}: {} of `{}` met nothing: no byte, no live connection, no live process",
            fault.step, fault.action, fault.target
        );
        findings.push(Finding::new(FindingKind::FaultNotFired, message).process(&fault.target));
    }
}
