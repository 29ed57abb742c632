//! What Prometheus answers.

use http::StatusCode;
use serde::Deserialize;

use super::PrometheusError;

/// Most of Prometheus' own words that are told on.
const TOLD: usize = 200;

#[derive(Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Answer {
    Success {
        data: Data,
    },
    Error {
        #[serde(rename = "errorType", default)]
        error_type: String,
        #[serde(default)]
        error: String,
    },
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Vector(Vec<Series>),
    Scalar(Sample),
    // Their values are not of interest: no query of ours gives one.
    Matrix(serde::de::IgnoredAny),
    String(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Series {
    /// Missing for a native histogram.
    value: Option<Sample>,
}

/// Time and value. The value is text, for JSON has no `NaN` and `+Inf`.
#[derive(Deserialize)]
struct Sample(serde::de::IgnoredAny, String);

/// The one value of an answer.
pub(super) fn value(status: StatusCode, body: &[u8]) -> Result<Option<f64>, PrometheusError> {
    let status = status.as_u16();
    let foreign = PrometheusError::NotPrometheus { status };
    match serde_json::from_slice(body).map_err(|_| foreign.clone())? {
        Answer::Error { error_type, error } => Err(PrometheusError::Refused {
            status,
            error_type,
            message: error.chars().take(TOLD).collect(),
        }),
        // A gateway's idea of success.
        Answer::Success { .. } if status != 200 => Err(foreign),
        Answer::Success { data } => number(data, foreign),
    }
}

fn number(data: Data, foreign: PrometheusError) -> Result<Option<f64>, PrometheusError> {
    let sample = match data {
        Data::Scalar(sample) => Some(sample),
        Data::Vector(series) if series.len() > 1 => return Err(PrometheusError::Ambiguous(series.len())),
        Data::Vector(series) => series.into_iter().next().and_then(|series| series.value),
        Data::Matrix(_) | Data::String(_) => return Err(foreign),
    };
    let Some(Sample(_, text)) = sample else {
        return Ok(None);
    };
    let value: f64 = text.parse().map_err(|_| foreign)?;
    Ok(value.is_finite().then_some(value))
}

#[cfg(test)]
mod tests;
