use std::ffi::OsString;
use std::io::Write;

use clap::Parser;

use super::*;
use crate::config::{self, ConfigError};

#[derive(Debug, Parser)]
struct Settings {
    #[command(flatten)]
    redis: RedisConfig,
}

fn read(arguments: &[&str]) -> Result<RedisConfig, String> {
    let arguments = ["test"].iter().chain(arguments).map(OsString::from);
    config::parse::<Settings, _>(arguments)
        .map(|settings| settings.redis)
        .map_err(|error| match error {
            ConfigError::Invalid(errors) => errors.join("\n"),
            ConfigError::Info(text) => text,
        })
}

#[test]
fn without_a_url_there_is_no_redis() {
    assert!(read(&[]).unwrap().redis.is_none());
}

#[test]
fn the_deadline_is_20_ms_unless_said_otherwise() {
    let url = "--redis-url=redis://127.0.0.1/3";
    assert_eq!(
        read(&[url]).unwrap().redis.unwrap().deadline,
        Duration::from_millis(20)
    );
    let slow = read(&[url, "--redis-timeout=1s"]).unwrap();
    assert_eq!(slow.redis.unwrap().deadline, Duration::from_secs(1));
}

#[test]
fn every_mistake_is_told_and_no_secret() {
    let mistakes = read(&[
        "--redis-url=http://:s3cr3t@[",
        "--redis-password-file=/nowhere/password",
        "--redis-ca-file=/nowhere/ca",
        "--redis-timeout=0s",
    ])
    .unwrap_err();
    for name in [
        "REDIS_URL",
        "REDIS_PASSWORD_FILE",
        "REDIS_CA_FILE",
        "REDIS_TIMEOUT",
    ] {
        assert!(mistakes.contains(name), "{name} in {mistakes}");
    }
    assert!(!mistakes.contains("s3cr3t"), "{mistakes}");
}

#[test]
fn a_password_file_is_read_without_the_end_of_its_line() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"s3cr3t\n").unwrap();
    let path = file.path().display();
    let config = read(&[
        "--redis-url=redis://127.0.0.1",
        &format!("--redis-password-file={path}"),
    ])
    .unwrap();
    let client = config.redis.as_ref().unwrap().client.clone();
    assert_eq!(
        client.get_connection_info().redis_settings().password(),
        Some("s3cr3t")
    );
    assert!(!format!("{config:?}").contains("s3cr3t"));
}

#[test]
fn certificates_that_are_none_are_a_mistake() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    let ca = format!("--redis-ca-file={}", file.path().display());
    assert!(
        read(&["--redis-url=rediss://redis.example", &ca])
            .unwrap_err()
            .contains("REDIS_CA_FILE")
    );
}
