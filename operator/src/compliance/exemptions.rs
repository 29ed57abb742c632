//! What excuses a control for a while, and what only looks as if it did.

use std::collections::BTreeMap;

use healthcare_crds::keys;
use healthcare_crds::v1alpha1::{BreakGlass, Exemption, Framework};
use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::catalogue::catalogue;
use super::input::Input;
use super::report::{Notice, State};

/// Longest emergency access, counted back from its end.
pub(super) const LONGEST_EMERGENCY: SignedDuration = SignedDuration::from_hours(24);

/// What the spec says on exemptions and emergency access, as it stands at one time.
pub(super) struct Excuses<'a> {
    exemptions: &'a [Exemption],
    second: BTreeMap<&'a str, &'a str>,
    needs_second: bool,
    emergency: Option<(&'a BreakGlass, Result<Timestamp, Refusal>)>,
    now: Timestamp,
}

/// Why an emergency access does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    NoTime,
    Ended(Timestamp),
    TooLong(Timestamp),
}

impl<'a> Excuses<'a> {
    pub(super) fn of(input: &Input<'a>, frameworks: &[Framework], now: Timestamp) -> Self {
        let compliance = input.compliance();
        let emergency = compliance.and_then(|c| c.break_glass.as_ref());
        Self {
            exemptions: compliance.map_or(&[], |c| c.exemptions.as_slice()),
            second: second_approvals(input.service.annotations()),
            needs_second: frameworks.contains(&Framework::Sox),
            emergency: emergency.map(|e| (e, end(e, now))),
            now,
        }
    }

    /// How a control stands that is not met.
    pub(super) fn apply(&self, control: &str, message: String) -> State {
        let exemption = self.exemptions.iter().find(|e| e.control == control);
        let missing = match exemption.map(|exemption| self.judge(exemption)) {
            Some(Ok((exemption, until, second))) => {
                return State::Exempted {
                    until,
                    reason: exemption.reason.clone(),
                    approver: exemption.approver.clone(),
                    second_approver: second.map(str::to_owned),
                    message,
                };
            }
            Some(Err(missing)) => Some(missing),
            None => None,
        };
        let message = missing.map_or_else(|| message.clone(), |missing| format!("{message}; {missing}"));
        match self.emergency() {
            Some((_, until)) => State::BreakGlass { until, message },
            None => State::Violated { message },
        }
    }

    /// The emergency access under way and its end.
    pub(super) fn emergency(&self) -> Option<(&'a BreakGlass, Timestamp)> {
        let (emergency, end) = self.emergency.as_ref()?;
        Some((*emergency, (*end).ok()?))
    }

    /// When it ends and who allowed it besides; or why it does not count.
    fn judge(&self, exemption: &'a Exemption) -> Result<(&'a Exemption, Timestamp, Option<&'a str>), String> {
        let until = exemption.expires.parse::<Timestamp>().map_err(|_| {
            format!(
                "its exemption has no readable end ({}): write expires like 2026-12-31T00:00:00Z",
                exemption.expires
            )
        })?;
        if until <= self.now {
            return Err(format!(
                "its exemption ended at {until}: meet the control, or have the exemption renewed"
            ));
        }
        if !self.needs_second {
            return Ok((exemption, until, None));
        }
        let second = self.second_approver(exemption)?;
        Ok((exemption, until, Some(second)))
    }

    /// Under SOX nobody excuses alone.
    fn second_approver(&self, exemption: &Exemption) -> Result<&'a str, String> {
        let key = keys::SECOND_APPROVAL;
        let control = &exemption.control;
        match self.second.get(control.as_str()) {
            None => Err(format!(
                "its exemption needs a second approver under SOX: annotate the service with {key}={control}=<approver>"
            )),
            Some(second) if second.eq_ignore_ascii_case(exemption.approver.trim()) => Err(format!(
                "its exemption was approved twice by {second}: the approver in {key} must be somebody else"
            )),
            Some(second) => Ok(second),
        }
    }

    /// What was written and does nothing. `is_violated` tells whether a control is checked and not met; none, when it does not
    /// apply.
    pub(super) fn notices(&self, is_violated: impl Fn(&str) -> Option<bool>) -> Vec<Notice> {
        let idle = self.exemptions.iter().filter_map(|exemption| {
            let message = idle(&exemption.control, &is_violated)?;
            Some(Notice {
                subject: format!("spec.compliance.exemptions[{}]", exemption.control),
                message,
            })
        });
        idle.chain(self.refused_emergency()).collect()
    }

    fn refused_emergency(&self) -> Option<Notice> {
        let (emergency, end) = self.emergency.as_ref()?;
        let message = match (*end).err()? {
            Refusal::NoTime => format!(
                "until {} is not a time: write it like 2026-12-31T18:00:00Z",
                emergency.until
            ),
            Refusal::Ended(until) => format!("it ended at {until}: remove it"),
            Refusal::TooLong(until) => {
                format!("it ends at {until}, more than 24 hours ahead: set until to a time within 24 hours")
            }
        };
        Some(Notice {
            subject: "spec.compliance.breakGlass".to_owned(),
            message,
        })
    }

    /// The next time at which one of them begins or ceases to count.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        let ends = self.exemptions.iter().filter_map(|e| e.expires.parse().ok());
        let emergency = self.emergency.as_ref().and_then(|(_, end)| match end {
            Ok(until) => Some(*until),
            Err(Refusal::TooLong(until)) => until.checked_sub(LONGEST_EMERGENCY).ok(),
            Err(Refusal::NoTime | Refusal::Ended(_)) => None,
        });
        ends.chain(emergency).filter(|time| *time > self.now).min()
    }
}

fn idle(control: &str, is_violated: impl Fn(&str) -> Option<bool>) -> Option<String> {
    let is_known = catalogue().any(|known| known.id == control);
    Some(match is_violated(control) {
        Some(true) => return None,
        Some(false) => {
            format!("{control} is not violated, so there is nothing to excuse: remove the exemption")
        }
        None if is_known => {
            format!(
                "{control} belongs to a framework that does not apply to this service: remove the exemption"
            )
        }
        None => format!(
            "there is no control {control}: write the identifier as `gitops-health compliance report` shows it"
        ),
    })
}

fn end(emergency: &BreakGlass, now: Timestamp) -> Result<Timestamp, Refusal> {
    let until: Timestamp = emergency.until.parse().map_err(|_| Refusal::NoTime)?;
    match until.duration_since(now) {
        ahead if ahead <= SignedDuration::ZERO => Err(Refusal::Ended(until)),
        ahead if ahead > LONGEST_EMERGENCY => Err(Refusal::TooLong(until)),
        _ => Ok(until),
    }
}

fn second_approvals(annotations: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let list = annotations.get(keys::SECOND_APPROVAL).map_or("", String::as_str);
    let pairs = list.split(',').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(control, approver)| (control.trim(), approver.trim()))
        .filter(|(_, approver)| !approver.is_empty())
        .collect()
}
