//! What the API server's audit log tells.

use anyhow::Result;
use local_cluster::Cluster;
use serde_json::Value;

/// One request of the operator.
pub(crate) struct Request {
    pub(crate) verb: String,
    pub(crate) resource: String,
}

/// The operator's finished requests in the audit log, watches and the Lease left out.
pub(crate) fn requests(cluster: &Cluster, user: &str) -> Result<Vec<Request>> {
    let text = std::fs::read_to_string(cluster.layout().audit_log())?;
    let of_operator = |line: &str| -> Option<Request> {
        let entry: Value = serde_json::from_str(line).ok()?;
        let word = |path: &str| {
            entry
                .pointer(path)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let ours = word("/user/username") == user && word("/stage") == "ResponseComplete";
        let resource = [word("/objectRef/resource"), word("/objectRef/subresource")].join("/");
        let resource = resource.trim_end_matches('/').to_owned();
        (ours && word("/verb") != "watch" && resource != "leases").then(|| Request {
            verb: word("/verb"),
            resource,
        })
    };
    Ok(text.lines().filter_map(of_operator).collect())
}
