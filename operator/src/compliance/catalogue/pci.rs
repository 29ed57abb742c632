//! PCI DSS v4.0.1.

use super::{line, on};
use crate::compliance::checks::{declared, image, logs, monitoring, network, pods, route, secrets, settings};
use crate::compliance::control::{Control, Enforcement};
use healthcare_crds::v1alpha1::Framework;

const OF: Framework = Framework::PciDss;

pub(super) const CONTROLS: &[Control] = &[
    line(
        "PCI-DSS-1.2.5",
        "PCI DSS v4.0.1 Requirement 1.2.5",
        "Allowed ports are identified",
    )
    .verified(OF, Enforcement::Declared, network::ports_named, on::POLICY),
    line(
        "PCI-DSS-1.3.1-default-deny",
        "PCI DSS v4.0.1 Requirement 1.3.1",
        "Inbound traffic: what is not allowed is refused",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_inbound, on::POLICY),
    line(
        "PCI-DSS-1.3.1-callers",
        "PCI DSS v4.0.1 Requirement 1.3.1",
        "Inbound traffic: callers are named, none is everybody",
    )
    .verified(OF, Enforcement::CelRule, network::inbound_named, on::POLICY),
    line(
        "PCI-DSS-1.3.2-default-deny",
        "PCI DSS v4.0.1 Requirement 1.3.2",
        "Outbound traffic: what is not allowed is refused",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_outbound, on::POLICY),
    line(
        "PCI-DSS-1.3.2-callees",
        "PCI DSS v4.0.1 Requirement 1.3.2",
        "Outbound traffic: callees are named, none is everybody",
    )
    .verified(OF, Enforcement::CelRule, network::outbound_named, on::POLICY),
    line(
        "PCI-DSS-1.4.1",
        "PCI DSS v4.0.1 Requirement 1.4.1",
        "Network security controls between trusted and untrusted networks",
    )
    .inherited(
        OF,
        "The cluster administrators run a network plugin that enforces NetworkPolicy, and firewalls around the cluster.",
    ),
    line(
        "PCI-DSS-1.4.4",
        "PCI DSS v4.0.1 Requirement 1.4.4",
        "What stores cardholder data is not reached from untrusted networks",
    )
    .verified(OF, Enforcement::Declared, route::stores_inside, on::STORES),
    line(
        "PCI-DSS-2.2.1",
        "PCI DSS v4.0.1 Requirement 2.2.1",
        "Configuration standards for system components",
    )
    .inherited(
        OF,
        "The cluster administrators harden nodes and control plane by a configuration standard and keep to it.",
    ),
    line(
        "PCI-DSS-2.2.4-capabilities",
        "PCI DSS v4.0.1 Requirement 2.2.4",
        "Only necessary functions: kernel capabilities are dropped",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_capabilities, on::PODS),
    line(
        "PCI-DSS-2.2.4-service-account-token",
        "PCI DSS v4.0.1 Requirement 2.2.4",
        "Only necessary functions: no credential for the API server",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_token, on::PODS),
    line(
        "PCI-DSS-2.2.6-escalation",
        "PCI DSS v4.0.1 Requirement 2.2.6",
        "Security parameters: processes cannot gain privileges",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::no_escalation, on::PODS),
    line(
        "PCI-DSS-2.2.6-seccomp",
        "PCI DSS v4.0.1 Requirement 2.2.6",
        "Security parameters: system calls are filtered",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::seccomp, on::PODS),
    line(
        "PCI-DSS-2.2.6-host-isolation",
        "PCI DSS v4.0.1 Requirement 2.2.6",
        "Security parameters: pods stay apart from the node",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::apart_from_node, on::PODS),
    line(
        "PCI-DSS-3.5.1",
        "PCI DSS v4.0.1 Requirement 3.5.1",
        "Stored PAN is unreadable",
    )
    .inherited(
        OF,
        "The service, or its store, renders the PAN unreadable wherever it is stored.",
    ),
    line(
        "PCI-DSS-3.6.1",
        "PCI DSS v4.0.1 Requirement 3.6.1",
        "Keys that protect stored account data are protected",
    )
    .inherited(
        OF,
        "The cluster administrators encrypt Secrets at rest in etcd and restrict who can read them.",
    ),
    line(
        "PCI-DSS-4.2.1-transport",
        "PCI DSS v4.0.1 Requirement 4.2.1",
        "Strong cryptography in transmission: encryption inside the cluster is declared",
    )
    .verified(OF, Enforcement::CelRule, declared::transport, on::NOTHING),
    line(
        "PCI-DSS-4.2.1-exposure",
        "PCI DSS v4.0.1 Requirement 4.2.1",
        "Strong cryptography in transmission: calls from outside",
    )
    .verified(OF, Enforcement::Declared, route::encrypted, on::ROUTES),
    line(
        "PCI-DSS-5.2.1",
        "PCI DSS v4.0.1 Requirement 5.2.1",
        "Anti-malware on system components",
    )
    .inherited(
        OF,
        "The cluster administrators run an anti-malware solution on the nodes, or document why they are not at risk (5.2.3).",
    ),
    line(
        "PCI-DSS-6.3.2",
        "PCI DSS v4.0.1 Requirement 6.3.2",
        "Inventory of software: the version that runs is fixed",
    )
    .verified(OF, Enforcement::CelRule, image::fixed, on::PODS),
    line(
        "PCI-DSS-6.3.3",
        "PCI DSS v4.0.1 Requirement 6.3.3",
        "Security patches",
    )
    .inherited(
        OF,
        "The team rebuilds the image when its components are patched, and the cluster administrators patch the nodes.",
    ),
    line(
        "PCI-DSS-6.5.1-back-out",
        "PCI DSS v4.0.1 Requirement 6.5.1",
        "Changes in production: a failed change is taken back",
    )
    .verified(OF, Enforcement::Declared, declared::taken_back, on::NOTHING),
    line(
        "PCI-DSS-6.5.1-established-procedure",
        "PCI DSS v4.0.1 Requirement 6.5.1",
        "Changes in production: only through the repository",
    )
    .verified(OF, Enforcement::Declared, declared::not_paused, on::EVERYTHING),
    line(
        "PCI-DSS-6.5.3",
        "PCI DSS v4.0.1 Requirement 6.5.3",
        "Production and pre-production are apart",
    )
    .verified(OF, Enforcement::Declared, network::namespaces_apart, on::POLICY),
    line(
        "PCI-DSS-7.2.5-account",
        "PCI DSS v4.0.1 Requirement 7.2.5",
        "System accounts: the service has one of its own",
    )
    .verified(OF, Enforcement::GeneratedChild, pods::own_account, on::ACCOUNT),
    line(
        "PCI-DSS-7.2.5-non-root",
        "PCI DSS v4.0.1 Requirement 7.2.5",
        "System accounts: least privilege, not root",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::non_root, on::PODS),
    line(
        "PCI-DSS-7.3.3",
        "PCI DSS v4.0.1 Requirement 7.3.3",
        "Access control is set to deny all by default",
    )
    .verified(OF, Enforcement::GeneratedChild, network::denies_by_default, on::POLICY),
    line(
        "PCI-DSS-8.2.1",
        "PCI DSS v4.0.1 Requirement 8.2.1",
        "Users have unique IDs",
    )
    .inherited(
        OF,
        "The cluster administrators give each person an identity of their own, through an identity provider.",
    ),
    line(
        "PCI-DSS-8.6.2",
        "PCI DSS v4.0.1 Requirement 8.6.2",
        "No password in plain text in configuration or scripts",
    )
    .verified(OF, Enforcement::CelRule, secrets::referenced, on::SETTINGS),
    line(
        "PCI-DSS-9.2.1",
        "PCI DSS v4.0.1 Requirement 9.2.1",
        "Facility entry controls",
    )
    .inherited(
        OF,
        "The operator of the data centre or the cloud provider limits physical access to the machines.",
    ),
    line(
        "PCI-DSS-10.2.1",
        "PCI DSS v4.0.1 Requirement 10.2.1",
        "Audit logs are enabled and active",
    )
    .verified(OF, Enforcement::Declared, logs::recording, on::PODS),
    line(
        "PCI-DSS-10.2.2",
        "PCI DSS v4.0.1 Requirement 10.2.2",
        "Audit logs hold the details of events: structured, with their time",
    )
    .verified(OF, Enforcement::RenderedDefault, logs::structured, on::PODS),
    line(
        "PCI-DSS-10.3.3",
        "PCI DSS v4.0.1 Requirement 10.3.3",
        "Audit logs are backed up promptly",
    )
    .inherited(
        OF,
        "The cluster administrators ship the logs of pods and of the API server to a central store that is hard to alter.",
    ),
    line(
        "PCI-DSS-10.5.1",
        "PCI DSS v4.0.1 Requirement 10.5.1",
        "Audit log history is kept for twelve months",
    )
    .verified(OF, Enforcement::Declared, declared::kept_one_year, on::NOTHING),
    line(
        "PCI-DSS-10.6.1",
        "PCI DSS v4.0.1 Requirement 10.6.1",
        "Clocks are synchronized",
    )
    .inherited(
        OF,
        "The cluster administrators synchronize the clocks of the nodes.",
    ),
    line(
        "PCI-DSS-10.7.2-alert",
        "PCI DSS v4.0.1 Requirement 10.7.2",
        "Failures of critical security controls are detected: the loss of the service is noticed",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::loss_noticed, on::RULES),
    line(
        "PCI-DSS-10.7.2-metrics",
        "PCI DSS v4.0.1 Requirement 10.7.2",
        "Failures of critical security controls are detected: metrics are scraped",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::scraped, on::MONITOR),
    line(
        "PCI-DSS-11.3.1",
        "PCI DSS v4.0.1 Requirement 11.3.1",
        "Internal vulnerability scans",
    )
    .inherited(
        OF,
        "The organisation scans images and nodes for vulnerabilities at least every three months.",
    ),
    line(
        "PCI-DSS-11.5.2-read-only-root",
        "PCI DSS v4.0.1 Requirement 11.5.2",
        "Unauthorized change of files: programs cannot be written",
    )
    .verified(OF, Enforcement::RenderedDefault, pods::read_only_root, on::PODS),
    line(
        "PCI-DSS-11.5.2-config",
        "PCI DSS v4.0.1 Requirement 11.5.2",
        "Unauthorized change of files: settings are immutable",
    )
    .verified(OF, Enforcement::GeneratedChild, settings::immutable, on::SETTINGS),
    line(
        "PCI-DSS-12.10.5",
        "PCI DSS v4.0.1 Requirement 12.10.5",
        "Incident response: alerts call somebody",
    )
    .verified(OF, Enforcement::GeneratedChild, monitoring::alerting, on::RULES),
];
