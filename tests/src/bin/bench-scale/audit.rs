//! What the API server's audit log tells.

use std::fs::File;
use std::io::{BufRead, BufReader};

use anyhow::{Context, Result};
use local_cluster::Cluster;
use serde_json::Value;

/// The operator's requests, as they are written down.
pub(crate) struct Audit {
    log: BufReader<File>,
    user: String,
    /// A line that is not whole yet.
    begun: String,
}

impl Audit {
    /// From here on.
    pub(crate) fn of(cluster: &Cluster, user: &str) -> Result<Self> {
        let log = File::open(cluster.layout().audit_log()).context("open the audit log")?;
        let mut audit = Self {
            log: BufReader::new(log),
            user: user.to_owned(),
            begun: String::new(),
        };
        audit.new_requests()?;
        Ok(audit)
    }

    /// Every request finished since the last call, as `verb resource`; watches and the Lease left out.
    pub(crate) fn new_requests(&mut self) -> Result<Vec<String>> {
        let mut requests = Vec::new();
        while self.log.read_line(&mut self.begun)? > 0 {
            if !self.begun.ends_with('\n') {
                break;
            }
            requests.extend(self.request(&self.begun));
            self.begun.clear();
        }
        Ok(requests)
    }

    fn request(&self, line: &str) -> Option<String> {
        // Most lines are other people's: a look saves reading them.
        if !line.contains(&self.user) {
            return None;
        }
        let entry: Value = serde_json::from_str(line).ok()?;
        let word = |path: &str| entry.pointer(path).and_then(Value::as_str).unwrap_or_default();
        let resource = match (word("/objectRef/resource"), word("/objectRef/subresource")) {
            ("", _) => word("/requestURI").to_owned(),
            (resource, "") => resource.to_owned(),
            (resource, subresource) => format!("{resource}/{subresource}"),
        };
        let finished = word("/user/username") == self.user && word("/stage") == "ResponseComplete";
        let counts = word("/verb") != "watch" && resource != "leases";
        (finished && counts).then(|| format!("{} {resource}", word("/verb")))
    }
}
