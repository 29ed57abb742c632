//! HTTP in → use case → HTTP out.

use service_kit::auth::Policy;
use service_kit::{Methods, Routes, routes};

use crate::app::App;

mod admin;
mod answer;
mod authorize;
mod cookies;
pub(crate) mod csrf;
mod form;
mod introspect;
mod metadata;
mod origin;
mod page;
mod revoke;
mod token;
mod verify;

pub(crate) use admin::SCOPES as ADMIN_SCOPES;

/// Every path of this service; the common ones (health, metrics, compliance) come with the kit.
pub(crate) fn routes(app: App) -> Routes {
    oauth().merge(discovery()).merge(administration()).with_state(app)
}

fn oauth() -> Routes<App> {
    Routes::new()
        .public(
            "/oauth2/authorize",
            sensitive(routes!(authorize::show, authorize::submit)),
        )
        .public("/oauth2/token", sensitive(routes!(token::issue)))
        .public("/oauth2/introspect", sensitive(routes!(introspect::introspect)))
        .public("/introspect", sensitive(routes!(introspect::introspect)))
        .public("/oauth2/revoke", sensitive(routes!(revoke::revoke)))
        .public("/verify", sensitive(routes!(verify::verify)))
}

fn discovery() -> Routes<App> {
    Routes::new()
        .public("/.well-known/jwks.json", routes!(metadata::jwks))
        .public(
            "/.well-known/oauth-authorization-server",
            routes!(metadata::authorization_server),
        )
        .public("/.well-known/openid-configuration", routes!(metadata::openid))
        .public("/.well-known/smart-configuration", routes!(metadata::smart))
}

fn administration() -> Routes<App> {
    let keys = routes!(admin::keys::rotate);
    clients()
        .merge(users())
        .protected("/admin/keys/rotate", Policy::scope(admin::KEYS_WRITE), keys)
}

fn clients() -> Routes<App> {
    use admin::clients;
    let (read, write) = (
        Policy::scope(admin::CLIENTS_READ),
        Policy::scope(admin::CLIENTS_WRITE),
    );
    let (all, one) = ("/admin/clients", "/admin/clients/{id}");
    Routes::new()
        .protected(all, read.clone(), routes!(clients::list))
        .protected(all, write.clone(), sensitive(routes!(clients::create)))
        .protected(one, read, routes!(clients::find))
        .protected(one, write.clone(), routes!(clients::replace, clients::disable))
        .protected(
            "/admin/clients/{id}/secrets",
            write,
            sensitive(routes!(clients::add_secret)),
        )
}

fn users() -> Routes<App> {
    use admin::users;
    let (read, write) = (
        Policy::scope(admin::USERS_READ),
        Policy::scope(admin::USERS_WRITE),
    );
    let (all, one) = ("/admin/users", "/admin/users/{id}");
    Routes::new()
        .protected(all, read.clone(), routes!(users::list))
        .protected(all, write.clone(), routes!(users::create))
        .protected(one, read, routes!(users::find))
        .protected(one, write.clone(), routes!(users::replace, users::disable))
        .protected(
            "/admin/users/{id}/password",
            write.clone(),
            routes!(users::set_password),
        )
        .protected("/admin/users/{id}/logout", write, routes!(users::log_out))
}

/// No cache keeps the answers.
fn sensitive(methods: impl Into<Methods<App>>) -> Methods<App> {
    methods.into().sensitive()
}
