//! What a service is asked.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Result, bail};

/// A request, and at which rate; as fast as answers come when there is none.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) form: Option<Form>,
    pub(crate) rate: Option<u32>,
}

/// The body of a POST, and who sends it (`user:password`).
pub(crate) struct Form {
    pub(crate) body: String,
    pub(crate) user: String,
}

impl Case {
    pub(crate) const fn get(name: &'static str, path: &'static str) -> Self {
        Self {
            name,
            path,
            form: None,
            rate: None,
        }
    }

    pub(crate) fn post(name: &'static str, path: &'static str, form: Form) -> Self {
        Self {
            form: Some(form),
            ..Self::get(name, path)
        }
    }

    pub(crate) fn url(&self, address: SocketAddr) -> String {
        format!("http://{address}{}", self.path)
    }
}

/// The answer to one request.
pub(crate) fn curl(address: SocketAddr, case: &Case) -> Result<Vec<u8>> {
    let mut command = Command::new("curl");
    command.args(["-sf", &case.url(address)]);
    if let Some(form) = &case.form {
        command.args(["-d", &form.body, "-u", &form.user]);
    }
    let output = command.output()?;
    if !output.status.success() {
        bail!("curl {}: {}", case.path, output.status);
    }
    Ok(output.stdout)
}
