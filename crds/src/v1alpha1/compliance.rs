//! What the service must comply with, and what it is excused from.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Frameworks, the data that the service handles, and exemptions. Frameworks and PHI tighten defaults and rules.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// Frameworks whose controls are checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub frameworks: Vec<Framework>,
    /// The most sensitive data that the service handles.
    #[serde(default)]
    pub data_classification: DataClassification,
    /// How long audit records of this service are kept, in days or years: `90d`, `6y`. A declaration: the service's audit
    /// store keeps them, the operator checks that it is long enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 6), regex(pattern = r"^[1-9][0-9]{0,4}[dy]$"))]
    pub audit_retention: Option<String>,
    /// Who encrypts calls to and from the pods on their way. Required for PHI and cardholder data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport_encryption: Option<TransportEncryption>,
    /// Controls that the service need not meet for a while.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["control".into()]))]
    pub exemptions: Vec<Exemption>,
    /// Emergency access: for at most a day, rules of this section give way and violations are reported as such (HIPAA
    /// 164.312(a)(2)(ii)).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub break_glass: Option<BreakGlass>,
}

/// A set of rules from outside.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Framework {
    /// HIPAA Security Rule, 45 CFR Part 164 Subpart C.
    #[serde(rename = "HIPAA")]
    Hipaa,
    /// PCI DSS v4.0.1.
    #[serde(rename = "PCI-DSS")]
    PciDss,
    /// IT general controls under section 404 of the Sarbanes-Oxley Act.
    #[serde(rename = "SOX")]
    Sox,
    /// FDA 21 CFR Part 11, electronic records and signatures.
    #[serde(rename = "21-CFR-11")]
    Part11,
}

/// Data by what its disclosure does.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq, PartialOrd, Ord, Hash,
)]
pub enum DataClassification {
    /// Anybody may know it.
    Public,
    /// For the organisation.
    #[default]
    Internal,
    /// For those who need it.
    Confidential,
    /// Cardholder data (PCI DSS).
    CardholderData,
    /// Protected health information (45 CFR 160.103).
    PHI,
}

/// Who encrypts calls on their way.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq, Hash)]
pub enum TransportEncryption {
    /// The service itself speaks TLS.
    Service,
    /// A service mesh with mutual TLS.
    Mesh,
    /// The network of the cluster, such as WireGuard between nodes.
    Network,
}

/// A control that the service need not meet for a while.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Exemption {
    /// Identifier of the control, as `gitops-health compliance report` shows it.
    #[schemars(length(min = 3, max = 64), regex(pattern = r"^[A-Za-z0-9][-.()A-Za-z0-9]*$"))]
    pub control: String,
    /// Why, for those who audit.
    #[schemars(length(min = 10, max = 512))]
    pub reason: String,
    /// Who allowed it.
    #[schemars(length(min = 1, max = 128))]
    pub approver: String,
    /// When it ends (RFC 3339). From then on the control counts again.
    #[schemars(extend("format" = "date-time"))]
    pub expires: String,
}

/// Emergency access, limited in time.
#[derive(Clone, Debug, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BreakGlass {
    /// When it ends (RFC 3339), at most 24 hours ahead: one that ends later is refused until it comes that near.
    #[schemars(extend("format" = "date-time"))]
    pub until: String,
    /// Why, for those who audit.
    #[schemars(length(min = 10, max = 512))]
    pub reason: String,
    /// Where the emergency is recorded, such as the number of the incident.
    #[schemars(length(min = 1, max = 128))]
    pub ticket: String,
    /// Who opened it.
    #[schemars(length(min = 1, max = 128))]
    pub opened_by: String,
}
