//! Which kind of route leads to the service.

use healthcare_crds::v1alpha1::Exposure;

use crate::capabilities::Capabilities;

/// How the service is reached from outside.
#[derive(Clone, Debug, PartialEq)]
pub enum ExposurePlan {
    /// An HTTPRoute attached to a Gateway.
    HttpRoute {
        /// Host names.
        hostnames: Vec<String>,
        /// Path prefix.
        path: String,
        /// Name of the Gateway.
        gateway: String,
        /// Namespace of the Gateway.
        gateway_namespace: String,
        /// Listener of the Gateway.
        section: Option<String>,
    },
    /// An Ingress.
    Ingress {
        /// Host names.
        hostnames: Vec<String>,
        /// Path prefix.
        path: String,
        /// IngressClass.
        class: Option<String>,
        /// Secret with the certificate.
        tls_secret: Option<String>,
    },
}

impl ExposurePlan {
    /// The address people use, `https` where a certificate is known to be served.
    pub fn url(&self) -> Option<String> {
        let (scheme, hostnames, path) = match self {
            Self::HttpRoute { hostnames, path, .. } => ("https", hostnames, path),
            Self::Ingress {
                hostnames,
                path,
                tls_secret,
                ..
            } => (
                if tls_secret.is_some() { "https" } else { "http" },
                hostnames,
                path,
            ),
        };
        hostnames.first().map(|host| format!("{scheme}://{host}{path}"))
    }
}

pub(super) fn plan(exposure: Exposure, namespace: &str, capabilities: Capabilities) -> ExposurePlan {
    match exposure.gateway.filter(|_| capabilities.http_route) {
        Some(gateway) => ExposurePlan::HttpRoute {
            hostnames: exposure.hostnames,
            path: exposure.path,
            gateway: gateway.name,
            gateway_namespace: gateway.namespace.unwrap_or_else(|| namespace.to_owned()),
            section: gateway.section_name,
        },
        None => ExposurePlan::Ingress {
            hostnames: exposure.hostnames,
            path: exposure.path,
            class: exposure.ingress_class_name,
            tls_secret: exposure.tls_secret_name,
        },
    }
}
