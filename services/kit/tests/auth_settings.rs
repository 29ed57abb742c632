//! A service with a secret that can be guessed does not start: exit code 78, the variable named, the secret not shown.
//! Neither does one whose policy file does not fit its routes.
//!
//! The test runs itself as that service, because `service_kit::run` takes over the process.

use std::process::{Command, ExitCode, Output};

use anyhow::{Context, ensure};
use service_kit::auth::{AuthSettings, Policy};
use service_kit::routing::get;
use service_kit::{BuildInfo, Routes, Service, ServiceInfo};

const INFO: ServiceInfo = ServiceInfo {
    build: BuildInfo {
        service: "records",
        version: "1.2.3",
    },
    about: "A service for tests",
    metrics_prefix: "records",
    default_port: 0,
    frameworks: "HIPAA",
    data_classification: "test",
};

/// Set in the process that is the service.
const IS_SERVICE: &str = "KIT_TEST_IS_SERVICE";

const GOOD: &str = "0123456789abcdef0123456789abcdef";
const SHORT: &str = "guess-me-if-you-can";

fn main() -> ExitCode {
    if std::env::var_os(IS_SERVICE).is_some() {
        return service_kit::run(&INFO, |settings: AuthSettings, context| {
            // As far as it needs to get: the settings are good.
            context.shutdown.cancel();
            Ok(Service {
                routes: Routes::new().protected("/records", Policy::action("read"), get(|| async {})),
                auth: Some(settings.auth(&context.clock)?),
                ..Service::default()
            })
        });
    }
    let passed = refuses_bad_secrets()
        .and_then(|()| refuses_a_policy_file_that_does_not_fit())
        .and_then(|()| starts_with_good_ones());
    match passed {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(secret: &str, refresh: &str) -> anyhow::Result<Output> {
    run_with_policy(
        secret,
        refresh,
        "{roles: [], scopes: [], actions: {read: authenticated}}",
    )
}

fn run_with_policy(secret: &str, refresh: &str, policy: &str) -> anyhow::Result<Output> {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("policy.yaml");
    std::fs::write(&path, policy)?;
    Command::new(std::env::current_exe()?)
        .env_clear()
        // For the lines that a coverage run sees in the child.
        .envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)))
        .env(IS_SERVICE, "1")
        .env("HOST", "127.0.0.1")
        .env("PORT", "0")
        .env("SHUTDOWN_DRAIN_DELAY", "1ms")
        .env("JWT_ISSUER", "https://issuer.example")
        .env("JWT_AUDIENCE", "records")
        .env("JWT_ACCESS_SECRET", secret)
        .env("JWT_REFRESH_SECRET", refresh)
        .env("AUTH_POLICY_FILE", path)
        .output()
        .context("run this test as a service")
}

fn refuses_bad_secrets() -> anyhow::Result<()> {
    let cases = [
        (SHORT, GOOD, "JWT_ACCESS_SECRET: the secret has 19 bytes"),
        (GOOD, SHORT, "JWT_REFRESH_SECRET: the secret has 19 bytes"),
        (
            GOOD,
            GOOD,
            "JWT_REFRESH_SECRET: must not be the secret of access tokens",
        ),
        ("", GOOD, "set exactly one of them"),
    ];
    for (secret, refresh, expected) in cases {
        let output = run(secret, refresh)?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code() == Some(78), "{:?}: {told}", output.status);
        ensure!(told.contains(expected), "{expected}: {told}");
        ensure!(!told.contains(SHORT) && !told.contains(GOOD), "{told}");
        ensure!(output.stdout.is_empty(), "nothing was served");
    }
    Ok(())
}

/// A route whose action the policy file does not name would be closed to everybody.
fn refuses_a_policy_file_that_does_not_fit() -> anyhow::Result<()> {
    let policy = "{roles: [], scopes: [], actions: {raed: authenticated}}";
    let output = run_with_policy(GOOD, &GOOD.to_uppercase(), policy)?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.code() == Some(78), "{:?}: {told}", output.status);
    ensure!(told.contains("the action \"read\""), "{told}");
    Ok(())
}

fn starts_with_good_ones() -> anyhow::Result<()> {
    let output = run(GOOD, &GOOD.to_uppercase())?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {told}", output.status);
    let logged = String::from_utf8_lossy(&output.stdout);
    ensure!(!told.contains(GOOD) && !logged.contains(GOOD), "{told}{logged}");
    Ok(())
}
