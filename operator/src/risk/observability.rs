//! What is still seen of the service.

use std::collections::BTreeMap;

use healthcare_crds::v1alpha1::{
    Alerts, ExtraAlert, LogLevel, Logging, Metrics, Observability, Slo, Tracing,
};

use super::keyed::{Cost, Keyed, entries};
use super::tally::Tally;

pub(super) fn compare(from: Option<&Observability>, to: Option<&Observability>, tally: &mut Tally) {
    let from = from.cloned().unwrap_or_default();
    let Observability {
        metrics: scraping,
        tracing: spans,
        logging: Logging { level },
        alerts: warnings,
        slo: objective,
    } = to.cloned().unwrap_or_default();
    let mut parts = Tally::default();
    metrics(&from.metrics, &scraping, &mut parts);
    tracing(&from.tracing, &spans, &mut parts);
    log_level(from.logging.level, level, &mut parts);
    alerts(&from.alerts, &warnings, &mut parts);
    slo(from.slo.as_ref(), objective.as_ref(), &mut parts);
    tally.add_capped(45, parts);
}

fn metrics(from: &Metrics, to: &Metrics, parts: &mut Tally) {
    let Metrics {
        enabled,
        path,
        port,
        interval,
    } = to;
    if from.enabled && !enabled {
        let message = "no metrics are scraped: neither alerts nor the analysis of a rollout see the service";
        parts.add("MetricsOff", 15, message);
    }
    if from.path != *path || from.port != *port {
        parts.add(
            "MetricsMoved",
            6,
            "metrics are scraped elsewhere: if they are not there, nothing is seen",
        );
    }
    if from.interval != *interval {
        parts.add(
            "ScrapeIntervalChanged",
            2,
            format!("metrics every {interval}, not {}", from.interval),
        );
    }
}

fn tracing(from: &Tracing, to: &Tracing, parts: &mut Tally) {
    let Tracing {
        enabled,
        endpoint,
        sampling_ratio,
    } = to;
    if from.enabled && !enabled {
        parts.add("TracingOff", 4, "no spans are exported");
    }
    if from.endpoint != *endpoint {
        parts.add("TracingMoved", 3, "spans go elsewhere");
    }
    if !same(from.sampling_ratio, *sampling_ratio) {
        parts.add("SamplingChanged", 1, "another share of traces is recorded");
    }
}

fn log_level(from: LogLevel, to: LogLevel, parts: &mut Tally) {
    match to {
        to if to == from => {}
        LogLevel::Trace | LogLevel::Debug => {
            let message = "logs tell more: check that no personal data gets into them";
            parts.add("LogLevelVerbose", 8, message);
        }
        LogLevel::Info => parts.add("LogLevelChanged", 1, "logs at level info"),
        LogLevel::Warn | LogLevel::Error => {
            parts.add("LogLevelQuiet", 4, "logs tell less when something goes wrong");
        }
    }
}

fn alerts(from: &Alerts, to: &Alerts, parts: &mut Tally) {
    let Alerts {
        enabled,
        error_rate_percent,
        latency_milliseconds,
        labels,
        // Leads people, not alerts.
        runbook_base_url: _,
        extra_rules,
    } = to;
    if from.enabled && !enabled {
        parts.add("AlertsOff", 15, "the standard alerts are switched off");
    }
    if *error_rate_percent > from.error_rate_percent {
        let message = format!(
            "the error-rate alert waits for {error_rate_percent}%, not {}%",
            from.error_rate_percent
        );
        parts.add("AlertsLoosened", 6, message);
    }
    if *latency_milliseconds > from.latency_milliseconds {
        let message = format!(
            "the latency alert waits for {latency_milliseconds} ms, not {} ms",
            from.latency_milliseconds
        );
        parts.add("AlertsLoosened", 6, message);
    }
    routing(&from.labels, labels, parts);
    own_alerts(&from.extra_rules, extra_rules, parts);
}

fn routing(from: &BTreeMap<String, String>, to: &BTreeMap<String, String>, parts: &mut Tally) {
    let keyed = Keyed::of(entries(from), entries(to));
    let cost = Cost {
        added: 2,
        changed: 4,
        removed: 4,
        most: 6,
    };
    let message = format!("labels of alerts: {}; they may reach nobody", keyed.tell());
    parts.add("AlertRoutingChanged", keyed.points(cost), message);
}

fn own_alerts(from: &[ExtraAlert], to: &[ExtraAlert], parts: &mut Tally) {
    fn named(rules: &[ExtraAlert]) -> impl Iterator<Item = (&str, &ExtraAlert)> {
        rules.iter().map(|rule| (rule.alert.as_str(), rule))
    }
    let keyed = Keyed::of(named(from), named(to));
    let cost = Cost {
        added: 0,
        changed: 3,
        removed: 4,
        most: 8,
    };
    let message = format!("alerts of the team: {}", keyed.tell());
    parts.add("OwnAlertsChanged", keyed.points(cost), message);
}

fn slo(from: Option<&Slo>, to: Option<&Slo>, parts: &mut Tally) {
    let (Some(from), to) = (from, to) else {
        return;
    };
    let Some(Slo {
        objective,
        latency_milliseconds,
    }) = to
    else {
        parts.add(
            "ObjectiveRemoved",
            15,
            "no objective any more: its alerts and the analysis' limits go with it",
        );
        return;
    };
    if *objective < from.objective {
        let message = format!("{objective}% of requests must succeed, not {}%", from.objective);
        parts.add("ObjectiveLoosened", 6, message);
    }
    if looser(from.latency_milliseconds, *latency_milliseconds) {
        parts.add(
            "ObjectiveLoosened",
            6,
            "requests may take longer and still count as good",
        );
    }
}

/// No limit is the loosest.
fn looser(from: Option<i32>, to: Option<i32>) -> bool {
    from.is_some_and(|from| to.is_none_or(|to| to > from))
}

/// Settings, not results of a computation: they are the same or they are not.
fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits()
}
