use healthcare_crds::v1alpha1::{Analysis, Observability};
use serde_json::{Value, from_value, json};

use super::{ERROR_RATE_TOO_HIGH, LATENCY_TOO_HIGH, Limits, Measured, Verdict};

const LIMITS: Limits = Limits {
    error_rate_percent: 5.0,
    latency_milliseconds: 1000,
    min_requests: 20,
};

fn measured(requests: f64, failed: f64, latency_seconds: f64) -> Measured {
    Measured {
        requests: Some(requests),
        failed: Some(failed),
        latency_seconds: Some(latency_seconds),
    }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail { reason, .. } => reason,
        Verdict::NoData { .. } => "none",
    }
}

#[test]
fn verdicts() {
    for (requests, failed, latency, expected) in [
        (100.0, 0.0, 0.2, "pass"),
        (100.0, 5.0, 1.0, "pass"),
        (100.0, 6.0, 0.2, ERROR_RATE_TOO_HIGH),
        (100.0, 0.0, 1.001, LATENCY_TOO_HIGH),
        (100.0, 50.0, 3.0, ERROR_RATE_TOO_HIGH),
        (19.0, 19.0, 9.0, "none"),
        (20.0, 2.0, 0.2, ERROR_RATE_TOO_HIGH),
        (0.0, 0.0, 0.0, "none"),
        (f64::NAN, 0.0, 0.2, "none"),
        (f64::INFINITY, 0.0, 0.2, "none"),
        (100.0, f64::NAN, 0.2, "none"),
        (100.0, 0.0, f64::NAN, "none"),
    ] {
        let verdict = LIMITS.judge(&measured(requests, failed, latency));
        assert_eq!(
            kind(&verdict),
            expected,
            "{requests} {failed} {latency}: {verdict:?}"
        );
    }
}

#[test]
fn one_failure_alone_holds_until_there_are_requests_enough() {
    let strict = Limits {
        error_rate_percent: 0.1,
        ..LIMITS
    };
    let judged = |requests, failed| kind(&strict.judge(&measured(requests, failed, 0.1)));
    assert_eq!(judged(300.0, 1.4), "none");
    assert_eq!(judged(1400.0, 1.4), "pass");
    assert_eq!(judged(300.0, 2.0), ERROR_RATE_TOO_HIGH);
    let slow_too = strict.judge(&measured(300.0, 1.0, 2.0));
    assert_eq!(kind(&slow_too), LATENCY_TOO_HIGH);
}

#[test]
fn what_is_missing_is_no_verdict() {
    let whole = measured(100.0, 0.0, 0.1);
    for missing in [
        Measured::default(),
        Measured {
            requests: None,
            ..whole
        },
        Measured {
            failed: None,
            ..whole
        },
        Measured {
            latency_seconds: None,
            ..whole
        },
    ] {
        assert_eq!(kind(&LIMITS.judge(&missing)), "none", "{missing:?}");
    }
    let failing = Measured {
        latency_seconds: None,
        ..measured(100.0, 50.0, 0.0)
    };
    assert_eq!(kind(&LIMITS.judge(&failing)), ERROR_RATE_TOO_HIGH);
}

#[test]
fn messages_say_what_was_seen_and_what_is_allowed() {
    let message = |verdict: Verdict| match verdict {
        Verdict::Fail { message, .. } | Verdict::NoData { message } => message,
        Verdict::Pass => String::new(),
    };
    let strict = Limits {
        error_rate_percent: 0.1,
        ..LIMITS
    };
    assert_eq!(
        message(strict.judge(&measured(400.0, 30.0, 0.1))),
        "7.5% of 400 requests failed with a 5xx status; the limit is 0.1%"
    );
    assert_eq!(
        message(LIMITS.judge(&measured(400.0, 0.0, 2.5))),
        "the 99th percentile takes 2500 ms; the limit is 1000 ms"
    );
    assert!(message(LIMITS.judge(&measured(7.0, 0.0, 2.5))).starts_with("7 requests to the new version"));
}

#[test]
fn limits_come_from_the_analysis_then_the_objective_then_the_alerts() {
    let limits = |analysis: Value, observability: Value| {
        let analysis: Analysis = from_value(analysis).unwrap();
        let observability: Observability = from_value(observability).unwrap();
        let limits = Limits::new(&analysis, &observability);
        (
            format!("{:.3}", limits.error_rate_percent),
            limits.latency_milliseconds,
            limits.min_requests,
        )
    };
    let slo =
        json!({"slo": {"objective": 99.9, "latencyMilliseconds": 250}, "alerts": {"errorRatePercent": 3}});
    let alerts = json!({"alerts": {"errorRatePercent": 3, "latencyMilliseconds": 700}});
    let own = json!({"errorRatePercent": 0, "latencyMilliseconds": 50, "minRequests": 5});
    assert_eq!(limits(own, slo.clone()), ("0.000".to_owned(), 50, 5));
    assert_eq!(limits(json!({}), slo), ("0.100".to_owned(), 250, 20));
    assert_eq!(limits(json!({}), alerts), ("3.000".to_owned(), 700, 20));
    assert_eq!(limits(json!({}), json!({})), ("5.000".to_owned(), 1000, 20));
    let no_latency = json!({"slo": {"objective": 99.0}});
    assert_eq!(limits(json!({}), no_latency), ("1.000".to_owned(), 1000, 20));
}

fn verdicts_of(letters: &str) -> impl Iterator<Item = Verdict> {
    letters.chars().map(|letter| match letter {
        'p' => Verdict::Pass,
        'f' => Verdict::Fail {
            reason: ERROR_RATE_TOO_HIGH,
            message: "seen".to_owned(),
        },
        _ => Verdict::NoData {
            message: "missing".to_owned(),
        },
    })
}

#[test]
fn failures_are_counted_in_a_row() {
    let failed =
        |letters: &str| verdicts_of(letters).fold(0, |failed, verdict| verdict.failed_in_a_row(failed));
    assert_eq!(failed("fff"), 3);
    assert_eq!(failed("ffpf"), 1);
    assert_eq!(
        failed("fnfn"),
        2,
        "what is missing tells neither the one nor the other"
    );
}
