use std::ffi::OsString;

use clap::Parser;

use super::*;
use crate::config::{self, ConfigError};

#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    limits: RateLimitSettings,
}

fn read(arguments: &[&str]) -> Result<RateLimitSettings, String> {
    let arguments = ["test"].iter().chain(arguments).map(OsString::from);
    config::parse::<Settings, _>(arguments)
        .map(|settings| settings.limits)
        .map_err(|error| match error {
            ConfigError::Invalid(errors) => errors.join("\n"),
            ConfigError::Info(text) => text,
        })
}

#[test]
fn nothing_is_limited_unless_said() {
    let settings = read(&[]).unwrap();
    assert!(settings.policies.is_empty());
    let expected = RateLimitSettings::default();
    let of = |settings: &RateLimitSettings| (settings.replicas, settings.max_keys, settings.trusted_hops);
    assert_eq!(of(&settings), of(&expected));
}

#[test]
fn the_environment_describes_one_policy() {
    let settings = read(&[
        "--rate-limit-requests=100",
        "--rate-limit-window=10s",
        "--rate-limit-burst=20",
        "--rate-limit-algorithm=token-bucket",
        "--rate-limit-key=endpoint",
        "--trusted-proxy-hops=2",
    ])
    .unwrap();
    let quota = Quota::new(100, Duration::from_secs(10))
        .unwrap()
        .with_burst(20)
        .unwrap();
    let expected = Policy {
        name: "default",
        quota,
        counting: Counting::TokenBucket,
        key: KeyBy::Endpoint,
    };
    assert_eq!((settings.policies, settings.trusted_hops), (vec![expected], 2));
}

#[test]
fn a_key_that_callers_choose_comes_with_a_limit_by_address() {
    let of = |arguments: &[&str]| {
        let arguments: Vec<_> = ["--rate-limit-requests=5"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        let policies = read(&arguments).unwrap().policies;
        policies
            .iter()
            .map(|policy| (policy.name, policy.quota.limit(), policy.key))
            .collect::<Vec<_>>()
    };
    for (text, key) in [
        ("user", KeyBy::User),
        ("user-endpoint", KeyBy::UserEndpoint),
        ("api-key", KeyBy::ApiKey),
    ] {
        let argument = format!("--rate-limit-key={text}");
        assert_eq!(
            of(&[&argument]),
            [("default", 5, key), ("address", 50, KeyBy::Ip)]
        );
        let policies = of(&[&argument, "--rate-limit-address-requests=7"]);
        assert_eq!(policies, [("default", 5, key), ("address", 7, KeyBy::Ip)]);
    }
    assert_eq!(of(&[]), [("default", 5, KeyBy::Ip)]);
}

#[test]
fn every_mistake_is_told() {
    let mistakes = read(&[
        "--rate-limit-requests=5",
        "--rate-limit-burst=6",
        "--rate-limit-algorithm=sliding-log",
        "--rate-limit-replicas=0",
        "--rate-limit-max-keys=0",
        "--redis-timeout=0s",
    ])
    .unwrap_err();
    let told = [
        "RATE_LIMIT_BURST",
        "RATE_LIMIT_REPLICAS",
        "RATE_LIMIT_MAX_KEYS",
        "REDIS_TIMEOUT",
    ];
    for name in told {
        assert!(mistakes.contains(name), "{name} in {mistakes}");
    }
    let log = read(&["--rate-limit-algorithm=sliding-log"]).unwrap_err();
    assert!(log.contains("REDIS_URL"), "{log}");
    let none = read(&["--rate-limit-requests=0"]).unwrap_err();
    assert!(
        none.contains("RATE_LIMIT_REQUESTS") && none.contains("at least 1"),
        "{none}"
    );
}

#[test]
fn what_handlers_count_is_not_for_the_environment() {
    assert!(read(&["--rate-limit-key=manual"]).is_err());
}
