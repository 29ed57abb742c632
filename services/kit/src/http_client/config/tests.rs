use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    client: HttpClientSettings,
}

#[test]
fn the_defaults_of_the_variables_are_those_of_the_code() {
    let parsed = Cli::try_parse_from(["test"]).unwrap().client;
    assert_eq!(
        format!("{parsed:?}"),
        format!("{:?}", HttpClientSettings::default())
    );
}

#[test]
fn a_file_without_certificates_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    for path in [empty.display().to_string(), "/nowhere".to_owned()] {
        assert!(
            Cli::try_parse_from(["test", "--http-client-ca-file", &path]).is_err(),
            "{path}"
        );
    }
}
