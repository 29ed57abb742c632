//! Volumes of the pod and where the container mounts them.

use healthcare_crds::v1alpha1::{SecretRef, SecretUse, Volume};
use k8s_openapi::api::core::v1 as core;

use super::names;
use crate::plan::Plan;

/// Every volume with its mount: a writable `/tmp` (the root file system is read-only), the settings, the secrets
/// used as files, then the user's.
pub fn volumes(plan: &Plan) -> Vec<(core::Volume, core::VolumeMount)> {
    let secrets = plan
        .secrets
        .iter()
        .filter(|s| s.used_as == SecretUse::Files)
        .map(secret);
    let users = plan.volumes.iter().map(user);
    std::iter::once(tmp())
        .chain(config(plan))
        .chain(secrets)
        .chain(users)
        .collect()
}

fn tmp() -> (core::Volume, core::VolumeMount) {
    let volume = core::Volume {
        empty_dir: Some(core::EmptyDirVolumeSource::default()),
        ..named("tmp")
    };
    (volume, mount("tmp", "/tmp", false))
}

fn config(plan: &Plan) -> Option<(core::Volume, core::VolumeMount)> {
    let source = core::ConfigMapVolumeSource {
        name: names::config_map(plan)?,
        ..Default::default()
    };
    Some((
        core::Volume {
            config_map: Some(source),
            ..named("config")
        },
        mount("config", "/etc/config", true),
    ))
}

fn secret(secret: &SecretRef) -> (core::Volume, core::VolumeMount) {
    let name = volume_name(&secret.name);
    let path = secret
        .mount_path
        .clone()
        .unwrap_or_else(|| format!("/etc/secrets/{}", secret.name));
    let source = core::SecretVolumeSource {
        secret_name: Some(secret.name.clone()),
        ..Default::default()
    };
    (
        core::Volume {
            secret: Some(source),
            ..named(&name)
        },
        mount(&name, &path, true),
    )
}

/// A volume's name is a DNS label (at most 63 characters, no dots), a Secret's a subdomain (up to 253). A digest
/// keeps shortened names apart.
fn volume_name(secret: &str) -> String {
    if secret.len() <= 56 && !secret.contains('.') {
        return format!("secret-{secret}");
    }
    let head: String = secret.chars().take(47).collect();
    format!(
        "secret-{}-{}",
        head.replace('.', "-"),
        names::short_digest(secret)
    )
}

fn user(volume: &Volume) -> (core::Volume, core::VolumeMount) {
    let volume = volume.clone();
    let mount = core::VolumeMount {
        sub_path: volume.sub_path,
        ..mount(&volume.name, &volume.mount_path, volume.read_only)
    };
    let source = core::Volume {
        config_map: volume.config_map,
        csi: volume.csi,
        downward_api: volume.downward_api,
        empty_dir: volume.empty_dir,
        ephemeral: volume.ephemeral,
        persistent_volume_claim: volume.persistent_volume_claim,
        projected: volume.projected,
        secret: volume.secret,
        ..named(&volume.name)
    };
    (source, mount)
}

fn named(name: &str) -> core::Volume {
    core::Volume {
        name: name.to_owned(),
        ..core::Volume::default()
    }
}

fn mount(name: &str, path: &str, read_only: bool) -> core::VolumeMount {
    core::VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..core::VolumeMount::default()
    }
}
