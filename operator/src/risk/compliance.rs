//! Rules and protection taken away.

use std::collections::BTreeSet;

use healthcare_crds::v1alpha1::{Compliance, DataClassification, Exemption, Framework, TransportEncryption};

use super::tally::Tally;

pub(super) fn compare(from: Option<&Compliance>, to: Option<&Compliance>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let Compliance {
        frameworks,
        data_classification,
        audit_retention,
        transport_encryption,
        exemptions,
        break_glass,
    } = to.cloned().unwrap_or_default();
    let mut parts = Tally::default();
    frameworks_removed(&from.frameworks, &frameworks, &mut parts);
    classification(from.data_classification, data_classification, &mut parts);
    retention(
        from.audit_retention.as_deref(),
        audit_retention.as_deref(),
        &mut parts,
    );
    encryption(from.transport_encryption, transport_encryption, &mut parts);
    exempted(&from.exemptions, &exemptions, &mut parts);
    if let Some(opened) = break_glass.filter(|opened| from.break_glass.as_ref() != Some(opened)) {
        let message = format!("emergency access until {}", opened.until);
        parts.add("BreakGlassOpened", 20, message);
    }
    tally.add_capped(60, parts);
}

fn frameworks_removed(from: &[Framework], to: &[Framework], parts: &mut Tally) {
    for framework in from
        .iter()
        .filter(|one| !to.contains(one))
        .collect::<BTreeSet<_>>()
    {
        let message = format!("controls of {} are no longer checked", name(*framework));
        parts.add("FrameworkRemoved", 15, message);
    }
}

fn name(framework: Framework) -> &'static str {
    match framework {
        Framework::Hipaa => "HIPAA",
        Framework::PciDss => "PCI DSS",
        Framework::Sox => "SOX",
        Framework::Part11 => "21 CFR Part 11",
    }
}

fn classification(from: DataClassification, to: DataClassification, parts: &mut Tally) {
    if to < from {
        let message = format!("data counts as {to:?}, not {from:?}: rules for it fall away");
        parts.add("ClassificationLowered", 15, message);
    }
}

/// A declaration taken away leaves nothing that is long enough.
fn retention(from: Option<&str>, to: Option<&str>, parts: &mut Tally) {
    if days(to) < days(from) {
        parts.add(
            "AuditRetentionShortened",
            10,
            "audit records are kept for less long",
        );
    }
}

/// `90d` or `6y`.
fn days(text: Option<&str>) -> u32 {
    let text = text.unwrap_or_default();
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .unwrap_or_default();
    let number: u32 = number.parse().unwrap_or_default();
    number.saturating_mul(if unit == "y" { 365 } else { 1 })
}

fn encryption(from: Option<TransportEncryption>, to: Option<TransportEncryption>, parts: &mut Tally) {
    match (from, to) {
        (Some(_), None) => parts.add(
            "TransportEncryptionRemoved",
            30,
            "nobody encrypts calls on their way any more",
        ),
        (Some(was), Some(now)) if was != now => {
            let message = format!("calls are encrypted by {now:?}, not {was:?}");
            parts.add("TransportEncryptionChanged", 10, message);
        }
        _ => {}
    }
}

fn exempted(from: &[Exemption], to: &[Exemption], parts: &mut Tally) {
    for new in to {
        let Exemption {
            control,
            reason,
            approver,
            expires,
        } = new;
        match from.iter().find(|old| old.control == *control) {
            None => parts.add(
                "ExemptionAdded",
                10,
                format!("{control} need not be met until {expires}"),
            ),
            Some(old) if old.expires != *expires => {
                parts.add(
                    "ExemptionChanged",
                    6,
                    format!("{control} need not be met until {expires}"),
                );
            }
            Some(old) if old.reason != *reason || old.approver != *approver => {
                parts.add(
                    "ExemptionChanged",
                    2,
                    format!("{control} is exempted for another reason or by somebody else"),
                );
            }
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
