//! IT general controls under section 404 of the Sarbanes-Oxley Act. The act names no controls: the domains are those of PCAOB
//! AS 2201 (access, program changes, computer operations) and data, the objectives those of COBIT 2019.

use super::{line, on};
use crate::compliance::checks::{
    availability, declared, image, logs, monitoring, network, pods, route, secrets, settings,
};
use crate::compliance::control::{Control, Enforcement};
use healthcare_crds::v1alpha1::Framework;

const OF: Framework = Framework::Sox;

pub(super) const CONTROLS: &[Control] = &[
    line(
        "SOX-ITGC-AC-01",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Logical access: what is not allowed is refused",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_by_default, on::POLICY),
    line(
        "SOX-ITGC-AC-02",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Logical access: callers and callees are named, none is everybody",
    )
    .verified(OF, Enforcement::Declared, network::peers_named, on::POLICY),
    line(
        "SOX-ITGC-AC-03",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Identity: the service has an account of its own",
    )
    .verified(OF, Enforcement::GeneratedChild, pods::own_account, on::ACCOUNT),
    line(
        "SOX-ITGC-AC-04",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Identity: no credential for the API server",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_token, on::PODS),
    line(
        "SOX-ITGC-AC-05",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Credentials: none in plain text",
    )
    .verified(OF, Enforcement::Declared, secrets::referenced, on::SETTINGS),
    line(
        "SOX-ITGC-AC-06",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS05",
        "Privileges: processes do not run as root",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::non_root, on::PODS),
    line(
        "SOX-ITGC-AC-07",
        "SOX section 404; PCAOB AS 2201, access to programs and data; COBIT 2019 DSS06",
        "Segregation of duties",
    )
    .inherited(
        OF,
        "The organisation grants rights so that nobody both writes and approves a change of this service, and reviews the grants.",
    ),
    line(
        "SOX-ITGC-CM-01",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI10",
        "Configuration items: a fixed version runs",
    )
    .verified(OF, Enforcement::CelRule, image::fixed, on::PODS),
    line(
        "SOX-ITGC-CM-02",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI10",
        "Configuration items: settings change only with a revision",
    )
    .verified(OF, Enforcement::Declared, settings::own, on::SETTINGS),
    line(
        "SOX-ITGC-CM-03",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI07",
        "Release: risky changes are watched before they take over",
    )
    .verified(OF, Enforcement::Declared, declared::watched, on::NOTHING),
    line(
        "SOX-ITGC-CM-04",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI07",
        "Release: a failed change is taken back",
    )
    .verified(OF, Enforcement::Declared, declared::taken_back, on::NOTHING),
    line(
        "SOX-ITGC-CM-05",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI06",
        "Change management: changes outside the procedure are put right",
    )
    .verified(OF, Enforcement::Declared, declared::not_paused, on::EVERYTHING),
    line(
        "SOX-ITGC-CM-06",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI06",
        "Change management: requests, tests and approvals",
    )
    .inherited(
        OF,
        "The organisation reviews and approves each change of the repository before it is merged, and keeps the record.",
    ),
    line(
        "SOX-ITGC-CM-07",
        "SOX section 404; PCAOB AS 2201, program changes; COBIT 2019 BAI07",
        "Release: no gap while a change is rolled out",
    )
    .verified(OF, Enforcement::RenderedDefault, availability::gapless, on::PODS),
    line(
        "SOX-ITGC-OP-01",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS01",
        "Monitoring: metrics are scraped",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::scraped, on::MONITOR),
    line(
        "SOX-ITGC-OP-02",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS02",
        "Incidents: an alert calls somebody",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::alerting, on::RULES),
    line(
        "SOX-ITGC-OP-03",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 BAI04",
        "Availability: an objective is declared and measured",
    )
    .verified(OF, Enforcement::Declared, monitoring::objective, on::RULES),
    line(
        "SOX-ITGC-OP-04",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS04",
        "Continuity: more than one pod",
    )
    .verified(OF, Enforcement::Declared, availability::replicated, on::SCALER),
    line(
        "SOX-ITGC-OP-05",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS04",
        "Continuity: pods stay through drains",
    )
    .verified(OF, Enforcement::GeneratedChild, availability::budgeted, on::BUDGET),
    line(
        "SOX-ITGC-OP-06",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 BAI04",
        "Capacity: resources are reserved and limited",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::limited, on::PODS),
    line(
        "SOX-ITGC-OP-07",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 BAI04",
        "Capacity: the number of pods follows the load within bounds",
    )
    .verified(OF, Enforcement::GeneratedChild, availability::autoscaled_within_bounds, on::SCALER),
    line(
        "SOX-ITGC-OP-08",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS01",
        "Monitoring: failed pods are found and replaced",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::probed, on::PODS),
    line(
        "SOX-ITGC-OP-09",
        "SOX section 404; PCAOB AS 2201, computer operations; COBIT 2019 DSS04",
        "Backup and restoring",
    )
    .inherited(
        OF,
        "The owners of the data back up the stores of this service and try restoring them.",
    ),
    line(
        "SOX-ITGC-DA-01",
        "SOX section 404; PCAOB AS 2201, data; COBIT 2019 APO14",
        "Records: structured, with their time",
    )
    .verified(OF, Enforcement::RenderedDefault, logs::structured, on::PODS),
    line(
        "SOX-ITGC-DA-02",
        "SOX section 404; 17 CFR 210.2-06 (seven years, for the records of auditors); COBIT 2019 APO14",
        "Records: kept for seven years",
    )
    .verified(OF, Enforcement::Declared, declared::kept_seven_years, on::NOTHING),
    line(
        "SOX-ITGC-DA-03",
        "SOX section 404; PCAOB AS 2201, data; COBIT 2019 APO14",
        "Transmission: calls from outside are encrypted",
    )
    .verified(OF, Enforcement::Declared, route::encrypted, on::ROUTES),
    line(
        "SOX-ITGC-DA-04",
        "SOX section 404; PCAOB AS 2201, data; COBIT 2019 APO14",
        "Completeness and accuracy of interfaces",
    )
    .inherited(
        OF,
        "The owners of the processes reconcile what this service sends and receives.",
    ),
];
