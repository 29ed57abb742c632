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

#[test]
fn the_path_is_appended_to_the_general_endpoint_only() {
    let general = config(&["--otlp-endpoint", "http://c:4318/"]).unwrap();
    assert_eq!(general.traces_endpoint().unwrap(), "http://c:4318/v1/traces");
    let own = config(&[
        "--otlp-endpoint",
        "http://c:4318",
        "--otlp-traces-endpoint",
        "http://t/x",
    ])
    .unwrap();
    assert_eq!(own.traces_endpoint().unwrap(), "http://t/x");
    assert_eq!(config(&[]).unwrap().traces_endpoint(), None);
    let none = config(&["--otlp-endpoint", "http://c:4318", "--traces-exporter", "none"]).unwrap();
    assert_eq!(none.traces_endpoint(), None);
}

#[test]
fn endpoints_that_cannot_work_are_refused() {
    for (endpoint, says) in [
        ("c:4318", "needs a scheme"),
        ("https://c", "https is not supported"),
        ("http://a b", "not a URL"),
    ] {
        let error = config(&["--otlp-endpoint", endpoint]).unwrap_err().to_string();
        assert!(error.contains(says), "{endpoint}: {error}");
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
