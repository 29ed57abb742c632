use clap::Parser;

use super::*;

#[derive(Debug, Parser)]
struct Settings {
    #[arg(long, env = "KIT_TEST_PORT", default_value = "8080")]
    port: u16,
    #[arg(long, env = "KIT_TEST_DELAY", default_value = "5s", value_parser = parse_duration)]
    delay: std::time::Duration,
}

fn read(arguments: &[&str]) -> Result<Settings, ConfigError> {
    parse(
        std::iter::once("test")
            .chain(arguments.iter().copied())
            .map(OsString::from),
    )
}

#[test]
fn defaults_and_flags() {
    let settings = read(&["--port", "9"]).unwrap();
    assert_eq!((settings.port, settings.delay.as_secs()), (9, 5));
}

#[test]
fn help_is_not_an_error() {
    assert!(matches!(read(&["--help"]), Err(ConfigError::Info(text)) if text.contains("KIT_TEST_PORT")));
}

#[test]
fn every_missing_setting_is_named() {
    #[derive(Debug, Parser)]
    struct Required {
        #[arg(long, env = "KIT_TEST_A")]
        _a: String,
        #[arg(long, env = "KIT_TEST_B")]
        _b: String,
    }
    let error = parse::<Required, _>([OsString::from("test")])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("KIT_TEST_A") && error.contains("KIT_TEST_B"),
        "{error}"
    );
}

#[test]
fn a_wrong_flag_ends_the_search() {
    let Err(ConfigError::Invalid(errors)) = read(&["--port", "many"]) else {
        panic!("accepted")
    };
    assert_eq!(
        errors,
        ["KIT_TEST_PORT: invalid value 'many' for '--port <PORT>': invalid digit found in string"]
    );
}

#[test]
fn durations() {
    assert_eq!(parse_duration("1m 30s").unwrap().as_secs(), 90);
    assert_eq!(parse_duration("250ms").unwrap().as_millis(), 250);
    assert!(parse_duration("-5s").unwrap_err().contains("negative"));
    assert!(parse_duration("5").unwrap_err().contains("such as"));
}
