//! The Service.

use healthcare_crds::v1alpha1::{Protocol, SessionAffinity};
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{labels, names};
use crate::plan::Plan;

/// Port 80 leads to the main port; further ports keep their numbers.
pub fn service(plan: &Plan) -> Service {
    let main = port("http", 80, Protocol::Tcp);
    let further = plan
        .additional_ports
        .iter()
        .map(|p| port(&p.name, p.port, p.protocol));
    Service {
        metadata: labels::metadata(plan, names::child(plan)),
        spec: Some(ServiceSpec {
            ports: Some(std::iter::once(main).chain(further).collect()),
            selector: Some(labels::selector(plan)),
            session_affinity: Some(affinity(plan.session_affinity).to_owned()),
            type_: Some("ClusterIP".to_owned()),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn port(name: &str, number: i32, protocol: Protocol) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: number,
        target_port: Some(IntOrString::String(name.to_owned())),
        protocol: Some(protocol.as_str().to_owned()),
        ..ServicePort::default()
    }
}

fn affinity(affinity: SessionAffinity) -> &'static str {
    match affinity {
        SessionAffinity::None => "None",
        SessionAffinity::ClientIP => "ClientIP",
    }
}
