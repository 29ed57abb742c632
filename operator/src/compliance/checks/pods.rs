//! The pods: what they may do.

use serde_json::Value;

use super::{CHANGED, Case};
use crate::compliance::control::{Breach, Seen};
use crate::compliance::input::{Object, field, items, text};
use crate::render::ChildKind;

/// The pod template of one Deployment.
#[derive(Clone, Copy)]
pub(super) struct Pod<'a> {
    object: Object<'a>,
    pub(super) spec: &'a Value,
}

impl<'a> Pod<'a> {
    pub(super) fn title(self) -> String {
        self.object.title()
    }

    /// Every container, whenever it runs.
    pub(super) fn containers(self) -> impl Iterator<Item = &'a Value> {
        ["containers", "initContainers", "ephemeralContainers"]
            .into_iter()
            .flat_map(move |list| items(field(self.spec, list)))
    }

    /// A setting of the security context: the container's own, else the pod's.
    fn setting(self, container: &'a Value, name: &str) -> &'a Value {
        let own = field(field(container, "securityContext"), name);
        if own.is_null() {
            field(field(self.spec, "securityContext"), name)
        } else {
            own
        }
    }
}

/// The pod templates of all Deployments.
pub(super) fn pods<'a>(case: &Case<'a>) -> impl Iterator<Item = Pod<'a>> + use<'a> {
    let input = case.input;
    input.all(ChildKind::Deployment).map(|object| Pod {
        object,
        spec: object.at("/spec/template/spec"),
    })
}

/// Looks at every pod; there must be one.
pub(super) fn each_pod(case: &Case<'_>, good: &str, fault: impl Fn(Pod<'_>) -> Option<Breach>) -> Seen {
    let mut titles = Vec::new();
    for pod in pods(case) {
        if let Some(breach) = fault(pod) {
            return Err(breach);
        }
        titles.push(pod.title());
    }
    if titles.is_empty() {
        return Err(Breach::new("there is no Deployment", CHANGED));
    }
    Ok(format!("{}: {good}", titles.join(", ")))
}

/// Looks at every container of every pod; `fault` says what is wrong with one.
pub(super) fn each_container(
    case: &Case<'_>,
    good: &str,
    fix: &str,
    fault: impl Fn(Pod<'_>, &Value) -> Option<String>,
) -> Seen {
    each_pod(case, good, |pod| {
        if pod.containers().next().is_none() {
            return Some(Breach::new(format!("{} has no container", pod.title()), CHANGED));
        }
        pod.containers().find_map(|container| {
            let fault = fault(pod, container)?;
            let seen = format!("{}, container {}: {fault}", pod.title(), text(container, "name"));
            Some(Breach::new(seen, fix))
        })
    })
}

pub(in crate::compliance) fn non_root(case: &Case<'_>) -> Seen {
    each_container(case, "no container runs as root", CHANGED, |pod, container| {
        let may_be_root = pod.setting(container, "runAsNonRoot") != true;
        let is_root = pod.setting(container, "runAsUser") == 0;
        (may_be_root || is_root).then(|| "it may run as root".to_owned())
    })
}

pub(in crate::compliance) fn no_escalation(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "no container can gain privileges",
        CHANGED,
        |_, container| {
            let context = field(container, "securityContext");
            let may = field(context, "allowPrivilegeEscalation") != false;
            let is_privileged = field(context, "privileged") == true;
            (may || is_privileged).then(|| "it may gain privileges".to_owned())
        },
    )
}

pub(in crate::compliance) fn no_capabilities(case: &Case<'_>) -> Seen {
    each_container(case, "all capabilities are dropped", CHANGED, |_, container| {
        let capabilities = field(field(container, "securityContext"), "capabilities");
        let drops_all = items(field(capabilities, "drop")).any(|name| name == "ALL");
        let adds = items(field(capabilities, "add")).next().is_some();
        (!drops_all || adds).then(|| "it keeps or adds capabilities".to_owned())
    })
}

pub(in crate::compliance) fn seccomp(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "system calls are filtered by seccomp",
        CHANGED,
        |pod, container| {
            let profile = text(pod.setting(container, "seccompProfile"), "type");
            let is_filtered = matches!(profile, "RuntimeDefault" | "Localhost");
            (!is_filtered).then(|| "no seccomp profile filters its system calls".to_owned())
        },
    )
}

pub(in crate::compliance) fn read_only_root(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "root file systems are read-only",
        CHANGED,
        |_, container| {
            let read_only = field(field(container, "securityContext"), "readOnlyRootFilesystem") == true;
            (!read_only).then(|| "its root file system is writable".to_owned())
        },
    )
}

/// Nothing of the node: its namespaces, its file system, its ports.
pub(in crate::compliance) fn apart_from_node(case: &Case<'_>) -> Seen {
    each_pod(
        case,
        "no access to the node's namespaces, files or ports",
        |pod| {
            let shares = ["hostNetwork", "hostPID", "hostIPC"]
                .into_iter()
                .find(|name| field(pod.spec, name) == true)
                .map(|name| format!("sets {name}"));
            let mounts = || {
                let volume =
                    items(field(pod.spec, "volumes")).find(|volume| !field(volume, "hostPath").is_null())?;
                Some(format!(
                    "mounts a path of the node as volume {}",
                    text(volume, "name")
                ))
            };
            let opens = || {
                let mut ports = pod.containers().flat_map(|c| items(field(c, "ports")));
                let port = ports.find_map(|port| field(port, "hostPort").as_i64().filter(|p| *p != 0))?;
                Some(format!("takes port {port} of the node"))
            };
            let fault = shares.or_else(mounts).or_else(opens)?;
            Some(Breach::new(format!("{} {fault}", pod.title()), CHANGED))
        },
    )
}

/// No credential for the API server: neither mounted by default nor projected into a volume.
pub(in crate::compliance) fn no_token(case: &Case<'_>) -> Seen {
    each_pod(case, "no service-account token", |pod| {
        if field(pod.spec, "automountServiceAccountToken") != false {
            let seen = format!("{} mounts a service-account token", pod.title());
            return Some(Breach::new(seen, CHANGED));
        }
        let volume = items(field(pod.spec, "volumes")).find(|volume| projects_token(volume))?;
        let seen = format!(
            "{}: volume {} projects a service-account token",
            pod.title(),
            text(volume, "name")
        );
        Some(Breach::new(
            seen,
            "remove serviceAccountToken from spec.volumes, or have it exempted if the service must prove its identity with it",
        ))
    })
}

fn projects_token(volume: &Value) -> bool {
    items(field(field(volume, "projected"), "sources"))
        .any(|source| !field(source, "serviceAccountToken").is_null())
}

/// An account that no other service has.
pub(in crate::compliance) fn own_account(case: &Case<'_>) -> Seen {
    let own = &case.input.plan.owner.name;
    let exists = case
        .input
        .all(ChildKind::ServiceAccount)
        .any(|account| account.name() == own);
    if !exists {
        return Err(Breach::new(format!("there is no ServiceAccount {own}"), CHANGED));
    }
    each_pod(case, &format!("runs as ServiceAccount {own}, its own"), |pod| {
        let used = text(pod.spec, "serviceAccountName");
        let seen = format!("{} runs as ServiceAccount {used}", pod.title());
        (used != own).then(|| Breach::new(seen, CHANGED))
    })
}

pub(in crate::compliance) fn limited(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "memory is limited, CPU and memory are reserved",
        "set spec.resources.limits.memory and spec.resources.requests",
        |_, container| {
            let wanted = [("limits", "memory"), ("requests", "cpu"), ("requests", "memory")];
            let resources = field(container, "resources");
            let missing = wanted
                .into_iter()
                .find(|(kind, name)| is_zero(field(field(resources, kind), name)));
            missing.map(|(kind, name)| format!("resources.{kind}.{name} is missing or 0"))
        },
    )
}

fn is_zero(quantity: &Value) -> bool {
    let digits = quantity
        .as_str()
        .map(|text| text.trim_start_matches(['0', '.', '+']));
    match digits {
        Some(rest) => !rest.starts_with(|c: char| c.is_ascii_digit()),
        None => quantity.as_f64().is_none_or(|number| number <= 0.0),
    }
}

/// The main containers; init containers have no probes.
pub(in crate::compliance) fn probed(case: &Case<'_>) -> Seen {
    each_pod(case, "liveness and readiness are probed", |pod| {
        let mut main = items(field(pod.spec, "containers"));
        main.find_map(|container| {
            let missing = ["livenessProbe", "readinessProbe"]
                .into_iter()
                .find(|probe| field(container, probe).is_null())?;
            let seen = format!(
                "{}, container {}: no {missing}",
                pod.title(),
                text(container, "name")
            );
            Some(Breach::new(seen, CHANGED))
        })
    })
}
