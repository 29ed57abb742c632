//! 21 CFR Part 11, electronic records and signatures.

use super::{line, on};
use crate::compliance::checks::{declared, image, logs, network, pods, route, secrets, settings};
use crate::compliance::control::{Control, Enforcement};
use healthcare_crds::v1alpha1::Framework;

const OF: Framework = Framework::Part11;

pub(super) const CONTROLS: &[Control] = &[
    line(
        "21-CFR-11.10(a)-image-digest",
        "21 CFR 11.10(a)",
        "Validation: the very image that was validated runs",
    )
    .verified(OF, Enforcement::CelRule, image::pinned, on::PODS),
    line(
        "21-CFR-11.10(a)-config",
        "21 CFR 11.10(a)",
        "Validation: settings change only with a revision",
    )
    .verified(OF, Enforcement::Declared, settings::own, on::SETTINGS),
    line(
        "21-CFR-11.10(a)-probes",
        "21 CFR 11.10(a)",
        "Consistent intended performance: failed pods are found and replaced",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::probed, on::PODS),
    line(
        "21-CFR-11.10(a)-drift",
        "21 CFR 11.10(a)",
        "Consistent intended performance: changes by others are put right",
    )
    .verified(OF, Enforcement::Declared, declared::not_paused, on::EVERYTHING),
    line(
        "21-CFR-11.10(a)-validation",
        "21 CFR 11.10(a)",
        "Validation of the system",
    )
    .inherited(
        OF,
        "The organisation validates the service for its intended use and keeps the protocol of each version.",
    ),
    line(
        "21-CFR-11.10(b)",
        "21 CFR 11.10(b)",
        "Accurate and complete copies of records",
    )
    .inherited(
        OF,
        "The service can give out its records in readable and electronic form.",
    ),
    line(
        "21-CFR-11.10(c)",
        "21 CFR 11.10(c)",
        "Protection of records through their retention",
    )
    .inherited(
        OF,
        "The owners of the data protect and back up the stores of this service as long as the records must be kept.",
    ),
    line(
        "21-CFR-11.10(d)-default-deny",
        "21 CFR 11.10(d)",
        "Limited system access: what is not allowed is refused",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_by_default, on::POLICY),
    line(
        "21-CFR-11.10(d)-callers",
        "21 CFR 11.10(d)",
        "Limited system access: callers are named, none is everybody",
    )
    .verified(OF, Enforcement::Declared, network::inbound_named, on::POLICY),
    line(
        "21-CFR-11.10(d)-service-account-token",
        "21 CFR 11.10(d)",
        "Limited system access: no credential for the API server",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_token, on::PODS),
    line(
        "21-CFR-11.10(d)-account",
        "21 CFR 11.10(d)",
        "Limited system access: the service has an account of its own",
    )
    .verified(OF, Enforcement::GeneratedChild, pods::own_account, on::ACCOUNT),
    line(
        "21-CFR-11.10(d)-non-root",
        "21 CFR 11.10(d)",
        "Limited system access: processes do not run as root",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::non_root, on::PODS),
    line(
        "21-CFR-11.10(e)-structured-logs",
        "21 CFR 11.10(e)",
        "Audit trails: computer-generated, with their time",
    )
    .verified(OF, Enforcement::RenderedDefault, logs::structured, on::PODS),
    line(
        "21-CFR-11.10(e)-recording",
        "21 CFR 11.10(e)",
        "Audit trails: requests are recorded",
    )
    .verified(OF, Enforcement::Declared, logs::recording, on::PODS),
    line(
        "21-CFR-11.10(e)-retention",
        "21 CFR 11.10(e)",
        "Audit trails: how long they are kept is declared",
    )
    .verified(OF, Enforcement::Declared, declared::kept_as_declared, on::NOTHING),
    line(
        "21-CFR-11.10(g)",
        "21 CFR 11.10(g)",
        "Authority checks",
    )
    .inherited(
        OF,
        "The service checks that only authorised people use it, sign records and alter them.",
    ),
    line(
        "21-CFR-11.10(i)",
        "21 CFR 11.10(i)",
        "Education, training and experience",
    )
    .inherited(
        OF,
        "The organisation trains those who develop, maintain and use the service, and keeps the record.",
    ),
    line(
        "21-CFR-11.10(k)(2)",
        "21 CFR 11.10(k)(2)",
        "Revision and change control of system documentation",
    )
    .inherited(
        OF,
        "The organisation keeps the documentation of the service under the same revision control as its code.",
    ),
    line(
        "21-CFR-11.30-exposure",
        "21 CFR 11.30",
        "Open systems: calls from outside are encrypted",
    )
    .verified(OF, Enforcement::Declared, route::encrypted, on::ROUTES),
    line(
        "21-CFR-11.30-transport",
        "21 CFR 11.30",
        "Open systems: encrypted inside the cluster too",
    )
    .verified(OF, Enforcement::Declared, route::encrypted_throughout, on::ROUTES),
    line(
        "21-CFR-11.50",
        "21 CFR 11.50",
        "Signature manifestations",
    )
    .inherited(
        OF,
        "The service shows name, time and meaning of each electronic signature.",
    ),
    line(
        "21-CFR-11.70",
        "21 CFR 11.70",
        "Signatures are linked to their records",
    )
    .inherited(
        OF,
        "The service links signatures to their records so that they cannot be moved to others.",
    ),
    line(
        "21-CFR-11.300(d)",
        "21 CFR 11.300(d)",
        "Transaction safeguards: no password in plain text",
    )
    .verified(OF, Enforcement::Declared, secrets::referenced, on::SETTINGS),
];
