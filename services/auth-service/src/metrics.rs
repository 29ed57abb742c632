//! The service's own counters. Label values are closed lists.

use prometheus::{IntCounterVec, Opts, Registry};

/// The counters that handlers raise.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    issued: IntCounterVec,
    introspections: IntCounterVec,
}

/// Which way a token was asked for, as `auth_tokens_issued_total{grant}` knows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantLabel {
    /// `authorization_code`.
    AuthorizationCode,
    /// `client_credentials`.
    ClientCredentials,
    /// `refresh_token`.
    RefreshToken,
    /// None of these.
    Other,
}

impl GrantLabel {
    const ALL: [Self; 4] = [
        Self::AuthorizationCode,
        Self::ClientCredentials,
        Self::RefreshToken,
        Self::Other,
    ];

    /// The grant that a request names.
    pub(crate) fn of(grant_type: Option<&str>) -> Self {
        let named = Self::ALL
            .into_iter()
            .find(|label| Some(label.as_str()) == grant_type);
        named.unwrap_or(Self::Other)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::ClientCredentials => "client_credentials",
            Self::RefreshToken => "refresh_token",
            Self::Other => "other",
        }
    }
}

/// What came of a request for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IssueResult {
    /// Tokens.
    Issued,
    /// The request was refused.
    Refused,
    /// The service could not do it.
    Failed,
}

impl IssueResult {
    const ALL: [Self; 3] = [Self::Issued, Self::Refused, Self::Failed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Metrics {
    /// Registers `auth_tokens_issued_total{grant,result}` and `auth_introspections_total{result}`, every series from the start.
    pub(crate) fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let metrics = Self {
            issued: IntCounterVec::new(
                Opts::new(
                    "auth_tokens_issued_total",
                    "Requests for tokens, by grant and result.",
                ),
                &["grant", "result"],
            )?,
            introspections: IntCounterVec::new(
                Opts::new(
                    "auth_introspections_total",
                    "Tokens that were asked about, by result.",
                ),
                &["result"],
            )?,
        };
        for grant in GrantLabel::ALL {
            for result in IssueResult::ALL {
                metrics
                    .issued
                    .with_label_values(&[grant.as_str(), result.as_str()]);
            }
        }
        for result in ["active", "inactive"] {
            metrics.introspections.with_label_values(&[result]);
        }
        registry.register(Box::new(metrics.issued.clone()))?;
        registry.register(Box::new(metrics.introspections.clone()))?;
        Ok(metrics)
    }

    /// Counts a request for tokens.
    pub(crate) fn asked(&self, grant: GrantLabel, result: IssueResult) {
        self.issued
            .with_label_values(&[grant.as_str(), result.as_str()])
            .inc();
    }

    /// Counts an introspection.
    pub(crate) fn introspected(&self, is_active: bool) {
        let result = if is_active { "active" } else { "inactive" };
        self.introspections.with_label_values(&[result]).inc();
    }
}
