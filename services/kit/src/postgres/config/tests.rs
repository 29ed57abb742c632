use std::ffi::OsString;

use clap::Parser;

use super::*;
use crate::config::{ConfigError, parse};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    database: DatabaseSettings,
}

fn read(arguments: &[&str]) -> Result<DatabaseSettings, String> {
    let arguments = std::iter::once(&"test").chain(arguments).map(OsString::from);
    match parse::<Cli, _>(arguments) {
        Ok(cli) => Ok(cli.database),
        Err(ConfigError::Invalid(mistakes)) => Err(mistakes.join("\n")),
        Err(ConfigError::Info(text)) => panic!("{text}"),
    }
}

fn mode(url: &str) -> Result<PgSslMode, UrlError> {
    Target::parse(url).map(|target| target.0.get_ssl_mode())
}

fn name(mode: PgSslMode) -> String {
    format!("{mode:?}")
}

#[test]
fn servers_elsewhere_must_prove_who_they_are_unless_the_url_says_otherwise() {
    for (url, expected) in [
        ("postgres://u:p@db.example.org/d", "VerifyFull"),
        ("postgresql://u:p@10.0.0.1:5433/d", "VerifyFull"),
        ("postgres://u:p@db/d?sslmode=verify-ca", "VerifyCa"),
        ("postgres://u:p@db/d?sslmode=disable", "Disable"),
        ("postgres://u:p@127.0.0.1/d", "Disable"),
        ("postgres://u:p@localhost/d", "Disable"),
        ("postgres:///d?host=/run/postgresql", "Disable"),
        ("postgres://u:p@localhost/d?sslmode=verify-full", "VerifyFull"),
    ] {
        assert_eq!(mode(url).map(name), Ok(expected.to_owned()), "{url}");
    }
}

#[test]
fn urls_that_are_wrong_are_refused_without_a_word_of_them() {
    for (url, error) in [
        ("SECRET", UrlError::Malformed),
        ("mysql://u:SECRET@db/d", UrlError::Malformed),
        ("postgres://u:SECRET@db:port/d", UrlError::Malformed),
        ("postgres://u:SECRET@db/d?sslmode=SECRET", UrlError::Malformed),
        ("postgres://u:SECRET@db/d?sslmode=prefer", UrlError::OptionalTls),
        ("postgres://u:SECRET@db/d?sslmode=allow", UrlError::OptionalTls),
        ("postgres://u:p@db/d?SECRET=x", UrlError::UnknownParameter),
    ] {
        assert_eq!(mode(url).map(name), Err(error), "{url}");
        let text = read(&["--database-url", url]).unwrap_err();
        assert!(
            text.contains(&error.to_string()) && text.contains("DATABASE_URL"),
            "{text}"
        );
        assert!(!text.contains("SECRET"), "{text}");
    }
}

#[test]
fn the_url_comes_from_one_place() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    let file = path.display().to_string();
    std::fs::write(&path, "postgres://u:SECRET@localhost/from_file\n").unwrap();
    let url = "postgres://u:SECRET@localhost/from_variable";
    assert_eq!(
        read(&["--database-url-file", &file]).unwrap().database(),
        "from_file"
    );
    assert_eq!(
        read(&["--database-url", url]).unwrap().database(),
        "from_variable"
    );
    let both = read(&["--database-url", url, "--database-url-file", &file]).unwrap_err();
    assert!(both.contains("not both"), "{both}");
    let none = read(&[]).unwrap_err();
    assert!(none.contains("DATABASE_URL_FILE"), "{none}");
    let missing = read(&["--database-url-file", "/nowhere"]).unwrap_err();
    assert!(missing.contains("No such file"), "{missing}");
}

#[test]
fn all_mistakes_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let text = read(&[
        "--database-url",
        "x",
        "--database-ca-file",
        &empty.display().to_string(),
    ])
    .unwrap_err();
    assert!(
        text.contains("DATABASE_URL: ") && text.contains("DATABASE_CA_FILE: "),
        "{text}"
    );
}

#[test]
fn the_password_is_not_shown() {
    let settings = read(&["--database-url", "postgres://u:SECRET@localhost/d"]).unwrap();
    assert!(!format!("{settings:?}").contains("SECRET"));
}

#[test]
fn a_file_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("url");
    let write =
        |password: &str| std::fs::write(&path, format!("postgres://u:{password}@localhost/d")).unwrap();
    write("first");
    let mut settings = read(&["--database-url-file", &path.display().to_string()]).unwrap();
    assert!(!settings.reread());
    write("second");
    assert!(settings.reread());
    assert!(!settings.reread());
    std::fs::write(&path, "half a UR").unwrap();
    assert!(!settings.reread());
}

#[test]
fn limits_reach_the_server_in_whole_milliseconds() {
    assert_eq!(milliseconds(Duration::from_millis(1500)), "1500");
    // Zero would mean that there is none.
    assert_eq!(milliseconds(Duration::from_micros(3)), "1");
    assert_eq!(milliseconds(Duration::MAX), "2000000000");
}
