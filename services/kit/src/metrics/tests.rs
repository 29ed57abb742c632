use super::*;

#[test]
fn a_new_registry_tells_the_build_and_the_process() {
    let registry = registry(&BuildInfo {
        service: "demo",
        version: "1.2.3",
    })
    .unwrap();
    let text = String::from_utf8(encode(&registry).unwrap()).unwrap();
    assert!(
        text.contains("build_info{service=\"demo\",version=\"1.2.3\"} 1"),
        "{text}"
    );
    assert!(text.contains("process_resident_memory_bytes"), "{text}");
}

fn accept(values: &[&'static str]) -> Format {
    let values = values
        .iter()
        .map(|&value| (header::ACCEPT, http::HeaderValue::from_static(value)));
    Format::accepted(&values.collect())
}

#[test]
fn openmetrics_is_for_those_who_ask() {
    // What Prometheus 2.42 sends.
    let prometheus = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                      text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    for (values, format) in [
        (vec![], Format::Text),
        (vec!["*/*"], Format::Text),
        (vec!["text/plain"], Format::Text),
        (vec![prometheus], Format::OpenMetrics),
        (
            vec!["text/plain", "application/openmetrics-text"],
            Format::OpenMetrics,
        ),
        (
            vec!["application/openmetrics-text; q=0.4, text/plain"],
            Format::Text,
        ),
        (vec!["application/openmetrics-text;q=0"], Format::Text),
        (vec!["application/openmetrics-text;q=much"], Format::Text),
    ] {
        assert_eq!(accept(&values), format, "{values:?}");
    }
}

fn sample() -> Registry {
    let registry = Registry::new();
    let counter = prometheus::IntCounterVec::new(
        Opts::new("requests_total", "Line one\nline \"two\" \\"),
        &["a", "b"],
    );
    let counter = counter.unwrap();
    counter.with_label_values(&["x\"y", "back\\slash\n"]).inc();
    let odd = prometheus::IntCounter::new("odd", "A counter without its suffix.").unwrap();
    let gauge = prometheus::Gauge::new("temperature", "Now.").unwrap();
    gauge.set(-1.5);
    let infinite = prometheus::Gauge::new("bound", "Without.").unwrap();
    infinite.set(f64::INFINITY);
    let options =
        prometheus::HistogramOpts::new("size_bytes", "How large.").buckets(vec![0.005, 1.0, 67_108_864.0]);
    let histogram = prometheus::Histogram::with_opts(options).unwrap();
    histogram.observe(0.5);
    histogram.observe(2.0);
    registry.register(Box::new(counter)).unwrap();
    registry.register(Box::new(odd)).unwrap();
    registry.register(Box::new(gauge)).unwrap();
    registry.register(Box::new(infinite)).unwrap();
    registry.register(Box::new(histogram)).unwrap();
    registry
}

#[test]
fn openmetrics_as_the_standard_writes_it() {
    let text = String::from_utf8(Format::OpenMetrics.encode(&sample()).unwrap()).unwrap();
    let expected = [
        "# TYPE bound gauge",
        "# HELP bound Without.",
        "bound +Inf",
        "# TYPE odd unknown",
        "# HELP odd A counter without its suffix.",
        "odd 0.0",
        "# TYPE requests counter",
        r#"# HELP requests Line one\nline \"two\" \\"#,
        r#"requests_total{a="x\"y",b="back\\slash\n"} 1.0"#,
        "# TYPE size_bytes histogram",
        "# HELP size_bytes How large.",
        r#"size_bytes_bucket{le="0.005"} 0"#,
        r#"size_bytes_bucket{le="1.0"} 1"#,
        r#"size_bytes_bucket{le="67108864.0"} 2"#,
        r#"size_bytes_bucket{le="+Inf"} 2"#,
        "size_bytes_count 2",
        "size_bytes_sum 2.5",
        "# TYPE temperature gauge",
        "# HELP temperature Now.",
        "temperature -1.5",
        "# EOF",
        "",
    ];
    assert_eq!(text, expected.join("\n"));
}
