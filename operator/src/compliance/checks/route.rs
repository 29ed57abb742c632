//! The way in from outside.

use healthcare_crds::v1alpha1::DataClassification;

use super::Case;
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::render::ChildKind;

/// Outside traffic is encrypted: every host of the Ingress has a certificate; the HTTPRoute is bound to one listener, so that a
/// listener of plain HTTP of the same Gateway does not serve it too.
pub(in crate::compliance) fn encrypted(case: &Case<'_>) -> Seen {
    let input = case.input;
    let ingresses: Vec<_> = input.all(ChildKind::Ingress).collect();
    let routes: Vec<_> = input.all(ChildKind::HttpRoute).collect();
    if ingresses.is_empty() && routes.is_empty() {
        return Ok("not exposed".to_owned());
    }
    ingresses
        .iter()
        .try_for_each(|ingress| has_certificates(*ingress))?;
    routes.iter().try_for_each(|route| names_listener(*route))?;
    let titles: Vec<_> = ingresses
        .iter()
        .chain(&routes)
        .map(|object| object.title())
        .collect();
    Ok(format!("{}: bound to TLS", titles.join(", ")))
}

fn has_certificates(ingress: Object<'_>) -> Result<(), Breach> {
    let covered: Vec<_> = ingress
        .list("/spec/tls")
        .filter(|tls| !text(tls, "secretName").is_empty())
        .flat_map(|tls| items(field(tls, "hosts")))
        .collect();
    let bare = ingress
        .list("/spec/rules")
        .find(|rule| !covered.contains(&field(rule, "host")));
    bare.map_or(Ok(()), |rule| {
        Err(Breach::new(
            format!(
                "{}: host {} has no certificate",
                ingress.title(),
                text(rule, "host")
            ),
            "name the Secret with the certificate in spec.exposure.tlsSecretName",
        ))
    })
}

fn names_listener(route: Object<'_>) -> Result<(), Breach> {
    let loose = route
        .list("/spec/parentRefs")
        .find(|parent| text(parent, "sectionName").is_empty());
    loose.map_or(Ok(()), |parent| {
        Err(Breach::new(
            format!(
                "{}: attaches to every listener of Gateway {}, plain HTTP too",
                route.title(),
                text(parent, "name")
            ),
            "name the TLS listener in spec.exposure.gateway.sectionName",
        ))
    })
}

/// What stores cardholder data is not reached from outside.
pub(in crate::compliance) fn stores_inside(case: &Case<'_>) -> Seen {
    let input = case.input;
    if input.classification() != DataClassification::CardholderData {
        return Ok(format!(
            "data classification {:?}: no cardholder data",
            input.classification()
        ));
    }
    let stores = super::pods::pods(case).find_map(|pod| {
        let volume = items(field(pod.spec, "volumes"))
            .find(|v| !field(v, "persistentVolumeClaim").is_null() || !field(v, "ephemeral").is_null())?;
        Some((pod.title(), text(volume, "name")))
    });
    let route = [ChildKind::Ingress, ChildKind::HttpRoute]
        .into_iter()
        .find_map(|kind| input.all(kind).next());
    match (stores, route) {
        (Some((pod, volume)), Some(route)) => Err(Breach::new(
            format!(
                "{pod} stores data in volume {volume} and {} leads to it from outside",
                route.title()
            ),
            "remove spec.exposure, and let a service without volumes answer calls from outside",
        )),
        _ => Ok("no persistent volume behind a route from outside".to_owned()),
    }
}

/// An exposed service is an open system: calls inside the cluster are encrypted too.
pub(in crate::compliance) fn encrypted_throughout(case: &Case<'_>) -> Seen {
    let seen = encrypted(case)?;
    let exposed = case.input.service.spec.exposure.is_some();
    let declared = case.input.compliance().and_then(|c| c.transport_encryption);
    match declared {
        None if exposed => Err(Breach::new(
            "the service is exposed and nobody is named who encrypts calls inside the cluster",
            "set spec.compliance.transportEncryption to Service, Mesh or Network",
        )),
        _ => Ok(seen),
    }
}
