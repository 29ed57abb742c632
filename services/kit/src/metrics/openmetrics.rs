//! The OpenMetrics text format, 1.0.0, which the `prometheus` crate does not write.

use std::fmt::{self, Write};

use prometheus::proto::{Histogram, LabelPair, Metric, MetricFamily, MetricType};

pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn encode(families: &[MetricFamily]) -> String {
    let mut text = String::new();
    for family in families {
        // A String takes everything.
        let _ = write_family(&mut text, family);
    }
    text + "# EOF\n"
}

fn write_family(text: &mut String, family: &MetricFamily) -> fmt::Result {
    let (name, kind) = name_and_type(family);
    writeln!(text, "# TYPE {name} {kind}")?;
    writeln!(text, "# HELP {name} {}", Escaped(family.help()))?;
    for metric in family.get_metric() {
        write_metric(text, family, name, metric)?;
    }
    Ok(())
}

/// The name of a counter's family is that of its samples without `_total`; a counter without it is of no type.
fn name_and_type(family: &MetricFamily) -> (&str, &'static str) {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => match name.strip_suffix("_total") {
            Some(name) => (name, "counter"),
            None => (name, "unknown"),
        },
        MetricType::GAUGE => (name, "gauge"),
        MetricType::HISTOGRAM => (name, "histogram"),
        MetricType::SUMMARY | MetricType::UNTYPED => (name, "unknown"),
    }
}

fn write_metric(text: &mut String, family: &MetricFamily, name: &str, metric: &Metric) -> fmt::Result {
    let labels = metric.get_label();
    match family.get_field_type() {
        MetricType::COUNTER => sample(
            text,
            family.name(),
            "",
            labels,
            None,
            Number(metric.get_counter().get_value()),
        ),
        MetricType::GAUGE => sample(
            text,
            name,
            "",
            labels,
            None,
            Number(metric.get_gauge().get_value()),
        ),
        MetricType::HISTOGRAM => write_histogram(text, name, labels, metric.get_histogram()),
        // The kit makes neither.
        MetricType::SUMMARY | MetricType::UNTYPED => Ok(()),
    }
}

fn write_histogram(
    text: &mut String,
    name: &str,
    labels: &[LabelPair],
    histogram: &Histogram,
) -> fmt::Result {
    for bucket in histogram.get_bucket() {
        let bound = Number(bucket.upper_bound());
        sample(
            text,
            name,
            "_bucket",
            labels,
            Some(bound),
            bucket.cumulative_count(),
        )?;
    }
    let count = histogram.get_sample_count();
    sample(text, name, "_bucket", labels, Some(Number(f64::INFINITY)), count)?;
    sample(text, name, "_count", labels, None, count)?;
    sample(
        text,
        name,
        "_sum",
        labels,
        None,
        Number(histogram.get_sample_sum()),
    )
}

fn sample(
    text: &mut String,
    name: &str,
    suffix: &str,
    labels: &[LabelPair],
    bound: Option<Number>,
    value: impl fmt::Display,
) -> fmt::Result {
    write!(text, "{name}{suffix}")?;
    let mut opening = '{';
    for label in labels {
        write!(text, "{opening}{}=\"{}\"", label.name(), Escaped(label.value()))?;
        opening = ',';
    }
    if let Some(bound) = bound {
        write!(text, "{opening}le=\"{bound}\"")?;
        opening = ',';
    }
    if opening == ',' {
        text.push('}');
    }
    writeln!(text, " {value}")
}

/// A number in the canonical form, which always shows that it is a float: `1.0`, `+Inf`.
#[derive(Clone, Copy)]
struct Number(f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == f64::INFINITY {
            f.write_str("+Inf")
        } else if self.0 == f64::NEG_INFINITY {
            f.write_str("-Inf")
        } else {
            write!(f, "{:?}", self.0)
        }
    }
}

struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
