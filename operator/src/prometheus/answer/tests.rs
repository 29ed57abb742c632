use http::StatusCode;

use super::value;
use crate::prometheus::PrometheusError;

fn ok(body: &str) -> Result<Option<f64>, PrometheusError> {
    value(StatusCode::OK, body.as_bytes())
}

fn vector(result: &str) -> Result<Option<f64>, PrometheusError> {
    ok(&format!(
        r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}},"warnings":["w"]}}"#
    ))
}

fn one(text: &str) -> Result<Option<f64>, PrometheusError> {
    vector(&format!(
        r#"[{{"metric":{{"a":"b"}},"value":[1435781430.781,"{text}"]}}]"#
    ))
}

#[test]
fn values() {
    assert_eq!(one("0.25"), Ok(Some(0.25)));
    assert_eq!(one("1e-7"), Ok(Some(1e-7)));
    for nothing in ["NaN", "+Inf", "-Inf"] {
        assert_eq!(one(nothing), Ok(None), "{nothing}");
    }
    assert_eq!(vector("[]"), Ok(None));
    assert_eq!(
        ok(r#"{"status":"success","data":{"resultType":"scalar","result":[1.5,"3"]}}"#),
        Ok(Some(3.0))
    );
    assert_eq!(
        vector(r#"[{"metric":{},"histogram":[1,{"count":"1"}]}]"#),
        Ok(None)
    );
}

#[test]
fn answers_that_are_none() {
    let twice = r#"[{"metric":{},"value":[1,"1"]},{"metric":{},"value":[1,"2"]}]"#;
    assert_eq!(vector(twice), Err(PrometheusError::Ambiguous(2)));
    let foreign = Err(PrometheusError::NotPrometheus { status: 200 });
    for body in [
        "",
        "<html>",
        "{}",
        "null",
        r#"{"status":"success"}"#,
        r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
        r#"{"status":"success","data":{"resultType":"string","result":[1,"a"]}}"#,
        r#"{"status":"success","data":{"resultType":"scalar","result":[1,"soon"]}}"#,
        r#"{"status":"maybe"}"#,
    ] {
        assert_eq!(ok(body), foreign, "{body}");
    }
}

#[test]
fn refusals_tell_their_kind() {
    let body = format!(
        r#"{{"status":"error","errorType":"execution","error":"{}"}}"#,
        "é".repeat(900)
    );
    let refused = value(StatusCode::UNPROCESSABLE_ENTITY, body.as_bytes());
    let expected = PrometheusError::Refused {
        status: 422,
        error_type: "execution".to_owned(),
        message: "é".repeat(200),
    };
    assert_eq!(refused, Err(expected));
    let success = br#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
    let gateway = value(StatusCode::BAD_GATEWAY, success);
    assert_eq!(gateway, Err(PrometheusError::NotPrometheus { status: 502 }));
}
