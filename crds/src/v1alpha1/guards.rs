//! Rules of the CRD that hold by what data a service handles and which frameworks it chose. Each names the control that it enforces; an
//! exemption for that control lifts it, and so does emergency access. CEL knows no time: that neither outlives its end is for
//! the operator's evaluation.

use kube::core::{Message, Rule};

const PHI: &str = "self.compliance.dataClassification == 'PHI'";

/// What a refusal says: a text, and CEL for the values of its `%s`, if it has any.
struct Words<'a>(&'a str, &'a str);

impl Words<'_> {
    /// The expression, with the control. One literal: what is added to a formatted text counts as endless, and the API server
    /// refuses the CRD for what that might cost.
    fn with(&self, control: &str) -> String {
        let Self(text, seen) = self;
        if seen.is_empty() {
            format!("'{text} ({control})'")
        } else {
            format!("'{text} ({control})'.format([{seen}])")
        }
    }
}

/// A rule that `good` must hold where `applies` does, unless the control is excused.
fn guard(applies: &str, good: &str, control: &str, message: &Words<'_>, field: &str) -> Rule {
    let excused = format!(
        "has(self.compliance.breakGlass) || (has(self.compliance.exemptions) && self.compliance.exemptions.exists(e, e.control == '{control}'))"
    );
    Rule::new(format!(
        "!has(self.compliance) || !({applies}) || ({good}) || {excused}"
    ))
    .message(Message::Expression(message.with(control)))
    .field_path(field)
}

/// PHI: somebody encrypts calls.
pub(super) fn phi_transport() -> Rule {
    guard(
        PHI,
        "has(self.compliance.transportEncryption)",
        "HIPAA-164.312(e)(2)(ii)-transport",
        &Words(
            "spec.compliance.dataClassification is PHI and transportEncryption is not set: say who encrypts calls, Service, Mesh or Network",
            "",
        ),
        ".compliance",
    )
}

/// Cardholder data: somebody encrypts calls.
pub(super) fn cardholder_transport() -> Rule {
    guard(
        "self.compliance.dataClassification == 'CardholderData'",
        "has(self.compliance.transportEncryption)",
        "PCI-DSS-4.2.1-transport",
        &Words(
            "spec.compliance.dataClassification is CardholderData and transportEncryption is not set: say who encrypts calls, Service, Mesh or Network",
            "",
        ),
        ".compliance",
    )
}

/// PHI: how long audit records are kept is said.
pub(super) fn phi_retention() -> Rule {
    guard(
        PHI,
        "has(self.compliance.auditRetention)",
        "HIPAA-164.316(b)(2)(i)",
        &Words(
            "spec.compliance.dataClassification is PHI and auditRetention is not set: set it to 6y or more",
            "",
        ),
        ".compliance",
    )
}

/// PHI or HIPAA: where it is said, it is six years, leap days included, or more.
pub(super) fn hipaa_retention() -> Rule {
    guard(
        "self.compliance.dataClassification == 'PHI' || (has(self.compliance.frameworks) && 'HIPAA' in self.compliance.frameworks)",
        "!has(self.compliance.auditRetention) || !self.compliance.auditRetention.matches('^[1-9][0-9]{0,4}[dy]$') || (self.compliance.auditRetention.endsWith('y') ? int(self.compliance.auditRetention.replace('y', '')) >= 6 : int(self.compliance.auditRetention.replace('d', '')) >= 2192)",
        "HIPAA-164.316(b)(2)(i)",
        &Words(
            "spec.compliance.auditRetention %s is less than the 6 years of HIPAA: set it to 6y or 2192d or more",
            "self.compliance.auditRetention",
        ),
        ".compliance.auditRetention",
    )
}

/// PHI: no address range wider than any private one.
pub(super) fn phi_addresses() -> Rule {
    // IPv4 wider than /8, IPv6 wider than /7: RFC 1918 and RFC 4193 hold nothing wider.
    let narrow = |list: &str| {
        format!(
            "!has(self.accessPolicy.{list}) || self.accessPolicy.{list}.all(r, !has(r.cidr) || !(r.cidr.matches('/0*[0-6]$') || (!r.cidr.contains(':') && r.cidr.matches('/0*7$'))))"
        )
    };
    guard(
        PHI,
        &format!(
            "!has(self.accessPolicy) || (({}) && ({}))",
            narrow("inbound"),
            narrow("outbound")
        ),
        "HIPAA-164.312(e)(1)-network-policy",
        &Words(
            "spec.accessPolicy opens a service with PHI to an address range wider than /8 (IPv6: /7), such as 0.0.0.0/0: name the ranges that are needed",
            "",
        ),
        ".accessPolicy",
    )
}

/// PHI: no literal in a variable whose name is that of a secret. The operator's evaluation knows the same names, and values
/// besides.
pub(super) fn phi_secrets() -> Rule {
    const SECRET: &str = "(?i)(password|passwd|passphrase|(^|[-._])(pwd|secret|token|api[-._]?key|private[-._]?key|access[-._]?key|credential)s*[0-9]*([-._]|$))";
    const ABOUT: &str = "(?i)[-._](file|path|dir|url|uri|name|ttl|endpoint|issuer|audience|seconds|minutes|hours|days|length|min|max|enabled|id|type|algorithm|header|expiry|ref)$";
    // No regular expression over values: at 8192 characters it would cost more than all else.
    let leaks = format!(
        "has(e.value) && e.value != '' && e.name.matches('{SECRET}') && !e.name.matches('{ABOUT}') && !(e.value.startsWith('$(') && e.value.indexOf(')') == e.value.size() - 1)"
    );
    guard(
        PHI,
        &format!("!has(self.env) || self.env.all(e, !({leaks}))"),
        "HIPAA-164.308(a)(5)(ii)(D)",
        &Words(
            "spec.env holds what looks like a secret as a literal in %s: put it into a Secret and name that in spec.secrets",
            // The first alone: the names of all, joined, count as endless.
            &format!("self.env.filter(e, {leaks})[0].name"),
        ),
        ".env",
    )
}

/// PHI: no payloads in logs.
pub(super) fn phi_log_level() -> Rule {
    guard(
        PHI,
        "!has(self.observability) || !has(self.observability.logging) || !(self.observability.logging.level in ['debug', 'trace'])",
        "HIPAA-164.312(b)-log-level",
        &Words(
            "spec.observability.logging.level %s may put PHI into logs: use info, warn or error",
            "self.observability.logging.level",
        ),
        ".observability.logging.level",
    )
}

/// PHI: a service outlives a pod, or is stopped.
pub(super) fn phi_replicas() -> Rule {
    guard(
        PHI,
        "self.scaling.minReplicas != 1",
        "HIPAA-164.308(a)(7)(ii)(C)-replicas",
        &Words(
            "spec.scaling.minReplicas is 1 for a service with PHI: set it to 2 or more, or to 0 to stop the service",
            "",
        ),
        ".scaling.minReplicas",
    )
}

/// 21 CFR Part 11: the very image that was validated runs.
pub(super) fn part11_image() -> Rule {
    guard(
        "has(self.compliance.frameworks) && '21-CFR-11' in self.compliance.frameworks",
        "self.image.contains('@sha256:')",
        "21-CFR-11.10(a)-image-digest",
        &Words(
            "spec.image %s is not pinned under 21 CFR Part 11: add the digest of the validated image, @sha256:…",
            "self.image",
        ),
        ".image",
    )
}
