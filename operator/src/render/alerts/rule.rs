//! Rules as a PrometheusRule holds them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::render::promql::{self, RuleError};

/// Rules that Prometheus evaluates together, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// Unique within the object.
    pub name: String,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Rule {
    /// Raises an alert while the expression returns something.
    Alert(Alert),
    /// Keeps the expression's result as a series of its own.
    Record(Record),
}

/// An alerting rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// Name.
    pub alert: String,
    /// PromQL.
    pub expr: String,
    /// Time the expression must hold before anybody is told.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub hold: Option<String>,
    /// For routing.
    pub labels: BTreeMap<String, String>,
    /// For people.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A recording rule, named `level:metric:operations`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Name of the series.
    pub record: String,
    /// PromQL.
    pub expr: String,
}

impl Rule {
    fn name(&self) -> &str {
        match self {
            Self::Alert(alert) => &alert.alert,
            Self::Record(record) => &record.record,
        }
    }

    fn expr(&self) -> &str {
        match self {
            Self::Alert(alert) => &alert.expr,
            Self::Record(record) => &record.expr,
        }
    }
}

impl Group {
    /// Parses every expression. `field` is where in the spec they come from. Only for those: to parse is dear, and of our own
    /// the tests know that they are right.
    ///
    /// # Errors
    /// [`RuleError::Expression`] for the first that Prometheus would refuse.
    pub fn check(&self, field: &'static str) -> Result<(), RuleError> {
        self.rules.iter().try_for_each(|rule| {
            promql::check(rule.expr()).map_err(|problem| RuleError::Expression {
                field,
                rule: rule.name().to_owned(),
                problem,
            })
        })
    }
}
