use clap::Parser;

use super::*;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    telemetry: TelemetryConfig,
}

fn config(arguments: &[&str]) -> Result<TelemetryConfig, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"test").chain(arguments)).map(|cli| cli.telemetry)
}

fn destination(arguments: &[&str]) -> Option<(String, OtlpProtocol)> {
    let destination = config(arguments).unwrap().destination()?;
    Some((destination.endpoint, destination.protocol))
}

#[test]
fn the_path_is_appended_to_the_general_endpoint_of_http_only() {
    let http = |endpoint: &str| Some((endpoint.to_owned(), OtlpProtocol::Http));
    let grpc = |endpoint: &str| Some((endpoint.to_owned(), OtlpProtocol::Grpc));
    let base = ["--otlp-endpoint", "http://c:4318/"];
    let cases: [(&[&str], _); 5] = [
        (&[], http("http://c:4318/v1/traces")),
        (&["--otlp-traces-endpoint", "http://t/x"], http("http://t/x")),
        (&["--otlp-protocol", "grpc"], grpc("http://c:4318")),
        (
            &[
                "--otlp-protocol",
                "grpc",
                "--otlp-traces-protocol",
                "http/protobuf",
            ],
            http("http://c:4318/v1/traces"),
        ),
        (&["--traces-exporter", "none"], None),
    ];
    for (further, expected) in cases {
        assert_eq!(destination(&[&base, further].concat()), expected, "{further:?}");
    }
    assert_eq!(destination(&[]), None);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = directory.path().join("missing.pem");
    for (flag, value, says) in [
        ("--otlp-endpoint", "c:4318", "needs a scheme"),
        ("--otlp-endpoint", "http://a b", "not a URL"),
        (
            "--otlp-protocol",
            "http/json",
            "[possible values: http/protobuf, grpc]",
        ),
        ("--otlp-timeout", "0", "not a positive number of milliseconds"),
        ("--otlp-timeout", "10s", "not a positive number of milliseconds"),
        (
            "--otlp-certificate",
            empty.to_str().unwrap(),
            "holds no certificate",
        ),
        ("--otlp-certificate", missing.to_str().unwrap(), "cannot be read"),
        ("--log-files-kept", "0", "number would be zero"),
    ] {
        let error = config(&[flag, value]).unwrap_err().to_string();
        assert!(error.contains(says), "{flag} {value}: {error}");
    }
}

#[test]
fn samplers_follow_the_specification() {
    let sampler = |arguments: &[&str]| format!("{:?}", config(arguments).unwrap().sampler());
    assert_eq!(sampler(&[]), "ParentBased(AlwaysOn)");
    assert_eq!(
        sampler(&[
            "--traces-sampler",
            "parentbased_traceidratio",
            "--traces-sampler-arg",
            "0.25"
        ]),
        "ParentBased(TraceIdRatioBased(0.25))"
    );
    assert_eq!(sampler(&["--traces-sampler", "always_off"]), "AlwaysOff");
    assert!(
        config(&["--traces-sampler-arg", "2"])
            .unwrap_err()
            .to_string()
            .contains("from 0 to 1")
    );
}

#[test]
fn spans_have_ids_even_when_nothing_is_exported() {
    use opentelemetry::trace::TraceContextExt;
    let build = BuildInfo {
        service: "demo",
        version: "0",
    };
    let (dispatch, _guard) =
        subscriber(&config(&[]).unwrap(), &build, &Clock::system(), std::io::sink).unwrap();
    tracing::dispatcher::with_default(&dispatch, || {
        tracing::info_span!("request").in_scope(|| {
            let context = opentelemetry::Context::current();
            assert!(context.span().span_context().is_valid());
        });
    });
}
