//! The service, put together.

use std::sync::Arc;

use anyhow::Context as _;
use service_kit::auth::{Auth, Keys, RevocationBounds, Revocations, Rules, Verifier};
use service_kit::postgres::Database;
use service_kit::{Context, Service};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::{
    App, Lockout, Parts, Passwords, RefreshTokens, Rotator, Secrets, SharedRevocations, SigningKeys,
    access_expectations, opening,
};
use crate::domain::audit::AuditEvent;
use crate::domain::audit::chain::EntryHash;
use crate::domain::lockout::LockoutRules;
use crate::domain::metadata::{Metadata, Paths};
use crate::domain::scope::ScopeSet;
use crate::metrics::Metrics;
use crate::settings::{BootstrapClient, Settings};
use crate::store::{AuditLog, SCHEMA, Store};
use crate::{INFO, compliance, http, readiness};

/// The service over what the process hands it. What it does beside its routes ends with the process.
pub fn build(mut settings: Settings, context: &Context) -> anyhow::Result<Service> {
    let configured = configured(&settings);
    let bootstrap_client = settings.bootstrap_client.take();
    let database = Database::start(&settings.database, SCHEMA, context)?;
    let app = App::new(parts(settings, &database, context)?);
    start_tasks(&app, bootstrap_client, configured, context);
    Ok(Service {
        checks: readiness::checks(&app, &database),
        compliance: compliance::checks(&app),
        auth: Some(auth(&app)),
        routes: http::routes(app),
        ..Service::default()
    })
}

fn parts(settings: Settings, database: &Database, context: &Context) -> anyhow::Result<Parts> {
    let Settings {
        issuer,
        refresh_secret,
        ..
    } = settings;
    let clock = context.clock.clone();
    let store = Store::new(database.clone(), clock.clone());
    let shared = SharedRevocations::new(store.revocations.clone(), context.redis.clone());
    let revocations = Arc::new(shared.clone());
    let keys = SigningKeys::new(settings.signing, issuer.clone(), clock.clone())?;
    Ok(Parts {
        audit: audit_log(database.clone(), context),
        rotator: Rotator {
            keys: keys.clone(),
            store: store.keys.clone(),
        },
        refresh: RefreshTokens::new(&refresh_secret, settings.refresh, &issuer, clock.clone())?,
        revocations: Revocations::new(revocations, RevocationBounds::default(), clock.clone()),
        shared,
        passwords: Passwords::new(settings.password_memory_mib),
        secrets: Secrets::new(&refresh_secret),
        lockout: lockout_rules(settings.lockout),
        access_expectations: access_expectations(&issuer, &settings.audience),
        trusted_hops: context.trusted_hops,
        metadata: metadata(&issuer, &keys)?,
        metrics: Metrics::new(&context.registry)?,
        issuer,
        clock,
        store,
        keys,
    })
}

/// Each process has a chain of its own: it is begun with the first entry.
fn audit_log(database: Database, context: &Context) -> AuditLog {
    let (chain, clock) = (Uuid::new_v4(), context.clock.clone());
    AuditLog::start(database, chain, move |heads| opening(chain, heads, clock.now()))
}

fn lockout_rules(settings: crate::settings::Lockout) -> Lockout {
    let with = |rules: LockoutRules| LockoutRules {
        lock: settings.time,
        longest: rules.longest.max(settings.time),
        ..rules
    };
    Lockout {
        account: LockoutRules {
            lock_at: settings.attempts,
            free: LockoutRules::of_account()
                .free
                .min(settings.attempts.saturating_sub(1)),
            ..with(LockoutRules::of_account())
        },
        source: with(LockoutRules::of_source()),
    }
}

/// The scopes that are the same for all; those of clients are theirs to know.
fn metadata(issuer: &str, keys: &SigningKeys) -> anyhow::Result<Metadata> {
    const SCOPES: [&str; 6] = [
        "openid",
        "fhirUser",
        "offline_access",
        "patient/*.cruds",
        "user/*.cruds",
        "system/*.cruds",
    ];
    let has_id_tokens = keys.id_token_algorithm().is_some();
    let scopes = SCOPES
        .into_iter()
        .filter(|scope| has_id_tokens || !["openid", "fhirUser"].contains(scope));
    Ok(Metadata {
        issuer: issuer.to_owned(),
        paths: Paths::default(),
        id_token_algorithms: keys.id_token_algorithm().into_iter().collect(),
        scopes: ScopeSet::from_tokens(scopes).context("the scopes to be shown")?,
    })
}

/// Who calls the admin API.
fn auth(app: &App) -> Auth {
    let keys = Keys::Changing(app.keys.verification());
    Auth {
        verifier: Verifier::new(app.access_expectations.clone(), keys, app.clock.clone()),
        revocations: Some(app.revocations.clone()),
        rules: Rules::default(),
    }
}

fn start_tasks(
    app: &App,
    bootstrap_client: Option<BootstrapClient>,
    configured: AuditEvent,
    context: &Context,
) {
    let stop = || context.shutdown.clone();
    tokio::spawn(app.shared.clone().keep_complete(stop()));
    tokio::spawn(app.clone().keep_tidy(stop()));
    tokio::spawn(app.clone().keep_keys(stop()));
    tokio::spawn(app.clone().keep_telling(configured, stop()));
    if let Some(first) = bootstrap_client {
        tokio::spawn(app.clone().keep_bootstrapping(first, &http::ADMIN_SCOPES, stop()));
    }
}

/// That this replica started with these settings. Secrets are not among what is hashed.
fn configured(settings: &Settings) -> AuditEvent {
    let text = settings.without_secrets();
    let digest = EntryHash(Sha256::digest(text).into());
    AuditEvent::Configured {
        version: INFO.build.version.to_owned(),
        settings: digest.to_string(),
    }
}
