//! HIPAA Security Rule, 45 CFR Part 164 Subpart C.

use super::{line, on};
use crate::compliance::checks::{
    availability, declared, image, logs, monitoring, network, pods, route, secrets, settings,
};
use crate::compliance::control::{Control, Enforcement};
use healthcare_crds::v1alpha1::Framework;

const OF: Framework = Framework::Hipaa;

pub(super) const CONTROLS: &[Control] = &[
    line(
        "HIPAA-164.308(a)(1)(ii)(A)",
        "45 CFR 164.308(a)(1)(ii)(A)",
        "Risk analysis",
    )
    .inherited(
        OF,
        "The organisation analyses the risks to the ePHI that this service handles, and keeps the analysis current.",
    ),
    line(
        "HIPAA-164.308(a)(1)(ii)(B)-non-root",
        "45 CFR 164.308(a)(1)(ii)(B)",
        "Risk management: processes do not run as root",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::non_root, on::PODS),
    line(
        "HIPAA-164.308(a)(1)(ii)(B)-escalation",
        "45 CFR 164.308(a)(1)(ii)(B)",
        "Risk management: processes cannot gain privileges",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_escalation, on::PODS),
    line(
        "HIPAA-164.308(a)(1)(ii)(B)-capabilities",
        "45 CFR 164.308(a)(1)(ii)(B)",
        "Risk management: kernel capabilities are dropped",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_capabilities, on::PODS),
    line(
        "HIPAA-164.308(a)(1)(ii)(B)-seccomp",
        "45 CFR 164.308(a)(1)(ii)(B)",
        "Risk management: system calls are filtered",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::seccomp, on::PODS),
    line(
        "HIPAA-164.308(a)(1)(ii)(B)-host-isolation",
        "45 CFR 164.308(a)(1)(ii)(B)",
        "Risk management: pods stay apart from the node",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::apart_from_node, on::PODS),
    line(
        "HIPAA-164.308(a)(1)(ii)(D)-metrics",
        "45 CFR 164.308(a)(1)(ii)(D)",
        "Information system activity review: metrics are scraped",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::scraped, on::MONITOR),
    line(
        "HIPAA-164.308(a)(1)(ii)(D)-traces",
        "45 CFR 164.308(a)(1)(ii)(D)",
        "Information system activity review: calls can be followed",
    )
    .verified(OF, Enforcement::RenderedDefault, monitoring::traced, on::PODS),
    line(
        "HIPAA-164.308(a)(3)(ii)(A)",
        "45 CFR 164.308(a)(3)(ii)(A)",
        "Authorization and supervision of those who change services",
    )
    .inherited(
        OF,
        "The cluster administrators grant rights on HealthcareServices and on their namespace to authorised people only, and review the grants.",
    ),
    line(
        "HIPAA-164.308(a)(4)(ii)(B)",
        "45 CFR 164.308(a)(4)(ii)(B)",
        "Access authorization: callers are named, none is everybody",
    )
    .verified(OF, Enforcement::GeneratedChild, network::inbound_named, on::POLICY),
    line(
        "HIPAA-164.308(a)(5)(ii)(B)",
        "45 CFR 164.308(a)(5)(ii)(B)",
        "Protection from malicious software: programs cannot be written",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::read_only_root, on::PODS),
    line(
        "HIPAA-164.308(a)(5)(ii)(D)",
        "45 CFR 164.308(a)(5)(ii)(D)",
        "Password management: no credential in plain text",
    )
    .verified(OF, Enforcement::CelRule, secrets::referenced, on::SETTINGS),
    line(
        "HIPAA-164.308(a)(6)(ii)",
        "45 CFR 164.308(a)(6)(ii)",
        "Response and reporting: an alert calls somebody",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::alerting, on::RULES),
    line(
        "HIPAA-164.308(a)(7)(i)-probes",
        "45 CFR 164.308(a)(7)(i)",
        "Contingency plan: failed pods are found and replaced",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::probed, on::PODS),
    line(
        "HIPAA-164.308(a)(7)(i)-limits",
        "45 CFR 164.308(a)(7)(i)",
        "Contingency plan: no pod starves its neighbours",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::limited, on::PODS),
    line(
        "HIPAA-164.308(a)(7)(ii)(A)",
        "45 CFR 164.308(a)(7)(ii)(A)",
        "Data backup plan",
    )
    .inherited(
        OF,
        "The owners of the data back up the stores of this service and try restoring them.",
    ),
    line(
        "HIPAA-164.308(a)(7)(ii)(C)-replicas",
        "45 CFR 164.308(a)(7)(ii)(C)",
        "Emergency mode operation: more than one pod",
    )
    .verified(OF, Enforcement::CelRule, availability::replicated, on::SCALER),
    line(
        "HIPAA-164.308(a)(7)(ii)(C)-disruption-budget",
        "45 CFR 164.308(a)(7)(ii)(C)",
        "Emergency mode operation: pods stay through drains",
    )
    .verified(OF, Enforcement::GeneratedChild, availability::budgeted, on::BUDGET),
    line(
        "HIPAA-164.308(a)(7)(ii)(C)-spread",
        "45 CFR 164.308(a)(7)(ii)(C)",
        "Emergency mode operation: pods on different nodes",
    )
    .verified(OF, Enforcement::RenderedDefault, availability::spread, on::PODS),
    line(
        "HIPAA-164.308(a)(7)(ii)(E)",
        "45 CFR 164.308(a)(7)(ii)(E)",
        "Applications and data criticality analysis: an objective is declared and measured",
    )
    .verified(OF, Enforcement::Declared, monitoring::objective, on::RULES),
    line(
        "HIPAA-164.308(a)(8)",
        "45 CFR 164.308(a)(8)",
        "Evaluation",
    )
    .inherited(
        OF,
        "The organisation evaluates periodically, and after changes, how well its safeguards meet the rule; this report is material for it.",
    ),
    line(
        "HIPAA-164.310(a)(1)",
        "45 CFR 164.310(a)(1)",
        "Facility access controls",
    )
    .inherited(
        OF,
        "The operator of the data centre or the cloud provider limits physical access to the machines.",
    ),
    line(
        "HIPAA-164.310(d)(2)(i)",
        "45 CFR 164.310(d)(2)(i)",
        "Disposal of media",
    )
    .inherited(
        OF,
        "The operator of the storage erases or destroys media that held ePHI.",
    ),
    line(
        "HIPAA-164.312(a)(1)-default-deny",
        "45 CFR 164.312(a)(1)",
        "Access control: what is not allowed is refused",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_by_default, on::POLICY),
    line(
        "HIPAA-164.312(a)(1)-service-account-token",
        "45 CFR 164.312(a)(1)",
        "Access control: no credential for the API server",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_token, on::PODS),
    line(
        "HIPAA-164.312(a)(2)(i)",
        "45 CFR 164.312(a)(2)(i)",
        "Unique identification: the service has an account of its own",
    )
    .verified(OF, Enforcement::GeneratedChild, pods::own_account, on::ACCOUNT),
    line(
        "HIPAA-164.312(a)(2)(ii)",
        "45 CFR 164.312(a)(2)(ii)",
        "Emergency access procedure: limited in time",
    )
    .verified(OF, Enforcement::Declared, declared::emergency_limited, on::NOTHING),
    line(
        "HIPAA-164.312(a)(2)(iii)",
        "45 CFR 164.312(a)(2)(iii)",
        "Automatic logoff",
    )
    .inherited(
        OF,
        "The service, or the identity provider in front of it, ends sessions that are idle.",
    ),
    line(
        "HIPAA-164.312(a)(2)(iv)",
        "45 CFR 164.312(a)(2)(iv)",
        "Encryption and decryption of stored ePHI",
    )
    .inherited(
        OF,
        "The cluster administrators encrypt etcd and the volumes of this service at rest, and keep the keys apart.",
    ),
    line(
        "HIPAA-164.312(b)-structured-logs",
        "45 CFR 164.312(b)",
        "Audit controls: records can be examined by machine",
    )
    .verified(OF, Enforcement::RenderedDefault, logs::structured, on::PODS),
    line(
        "HIPAA-164.312(b)-recording",
        "45 CFR 164.312(b)",
        "Audit controls: requests are recorded",
    )
    .verified(OF, Enforcement::Declared, logs::recording, on::PODS),
    line(
        "HIPAA-164.312(b)-log-level",
        "45 CFR 164.312(b)",
        "Audit controls: no payload in the logs of a service with PHI",
    )
    .verified(OF, Enforcement::CelRule, logs::discreet, on::PODS),
    line(
        "HIPAA-164.312(b)-api-audit",
        "45 CFR 164.312(b)",
        "Audit controls: changes of the service are recorded",
    )
    .inherited(
        OF,
        "The cluster administrators turn on the audit log of the API server, which tells who changed what, and keep it.",
    ),
    line(
        "HIPAA-164.312(c)(1)-image",
        "45 CFR 164.312(c)(1)",
        "Integrity: a fixed version runs",
    )
    .verified(OF, Enforcement::CelRule, image::fixed, on::PODS),
    line(
        "HIPAA-164.312(c)(1)-config",
        "45 CFR 164.312(c)(1)",
        "Integrity: settings cannot change under the service",
    )
    .verified(OF, Enforcement::GeneratedChild, settings::immutable, on::SETTINGS),
    line(
        "HIPAA-164.312(c)(1)-drift",
        "45 CFR 164.312(c)(1)",
        "Integrity: changes by others are put right",
    )
    .verified(OF, Enforcement::Declared, declared::not_paused, on::EVERYTHING),
    line(
        "HIPAA-164.312(c)(2)",
        "45 CFR 164.312(c)(2)",
        "Mechanism to authenticate ePHI",
    )
    .inherited(
        OF,
        "The service, or its store, detects records that were altered or destroyed without authority.",
    ),
    line(
        "HIPAA-164.312(d)",
        "45 CFR 164.312(d)",
        "Person or entity authentication",
    )
    .inherited(
        OF,
        "The service authenticates its callers, or a proxy or mesh in front of it does.",
    ),
    line(
        "HIPAA-164.312(e)(1)-network-policy",
        "45 CFR 164.312(e)(1)",
        "Transmission security: no path open to everybody",
    )
    .verified(OF, Enforcement::CelRule, network::peers_named, on::POLICY),
    line(
        "HIPAA-164.312(e)(1)-enforcement",
        "45 CFR 164.312(e)(1)",
        "Transmission security: network policies are enforced",
    )
    .inherited(
        OF,
        "The cluster administrators run a network plugin that enforces NetworkPolicy, and verify it by trying a refused connection.",
    ),
    line(
        "HIPAA-164.312(e)(2)(i)",
        "45 CFR 164.312(e)(2)(i)",
        "Integrity controls on transmission: encrypted calls cannot be altered unnoticed",
    )
    .verified(OF, Enforcement::CelRule, declared::transport, on::NOTHING),
    line(
        "HIPAA-164.312(e)(2)(ii)-transport",
        "45 CFR 164.312(e)(2)(ii)",
        "Encryption of calls inside the cluster is declared",
    )
    .verified(OF, Enforcement::CelRule, declared::transport, on::NOTHING),
    line(
        "HIPAA-164.312(e)(2)(ii)-exposure",
        "45 CFR 164.312(e)(2)(ii)",
        "Encryption of calls from outside",
    )
    .verified(OF, Enforcement::Declared, route::encrypted, on::ROUTES),
    line(
        "HIPAA-164.316(b)(1)(ii)",
        "45 CFR 164.316(b)(1)(ii)",
        "Documentation of actions and assessments",
    )
    .inherited(
        OF,
        "The organisation keeps the history of the repository that holds this service and its exemptions.",
    ),
    line(
        "HIPAA-164.316(b)(2)(i)",
        "45 CFR 164.316(b)(2)(i)",
        "Time limit: audit records are kept for six years",
    )
    .verified(OF, Enforcement::CelRule, declared::kept_six_years, on::NOTHING),
];
