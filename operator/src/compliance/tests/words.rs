//! Which names and values are taken for secrets.

use super::*;
use crate::compliance::checks::secrets::names_secret;

#[test]
fn names_of_secrets() {
    for name in [
        "PASSWORD",
        "DB_PASSWORD",
        "db.password",
        "dbPassword",
        "PGPASSWORD",
        "DB_PASSWORD_2",
        "PASSWD",
        "KEY_PASSPHRASE",
        "TOKEN",
        "GITHUB_TOKEN",
        "api-token",
        "TOKENS",
        "SECRET",
        "JWT_SECRET",
        "SECRET_KEY_BASE",
        "AWS_SECRET_ACCESS_KEY",
        "API_KEY",
        "STRIPE_APIKEY",
        "x-api-key",
        "PRIVATE_KEY",
        "ACCESS_KEY",
        "CREDENTIALS",
        "DB_PWD",
        "--db-password",
    ] {
        assert!(names_secret(name), "{name}");
    }
}

#[test]
fn names_that_only_speak_of_secrets() {
    for name in [
        "PASSWORD_FILE",
        "TOKEN_TTL",
        "TOKEN_URL",
        "SECRET_NAME",
        "API_KEY_ID",
        "TOKENIZER",
        "SECRETARY",
        "KEY",
        "KEYCLOAK_URL",
        "PATH",
        "PUBLIC_KEY",
        "CACHE_KEY",
        "PASSWORD_MIN_LENGTH",
        "TOKEN_ISSUER",
        "",
        "_",
    ] {
        assert!(!names_secret(name), "{name}");
    }
}

#[test]
fn values_that_are_no_secrets() {
    for value in ["", "$(TOKEN_FROM_VAULT)"] {
        let scene = Scene::patched(&json!({"env": [{"name": "API_TOKEN", "value": value}]}));
        assert_eq!(violated(&scene.report()), Vec::<&str>::new(), "{value:?}");
    }
    for value in ["$(A)hunter2", "$(A)$(B)x)", "hunter2"] {
        let scene = Scene::patched(&json!({"env": [{"name": "API_TOKEN", "value": value}]}));
        assert!(!violated(&scene.report()).is_empty(), "{value:?}");
    }
}

#[test]
fn addresses_with_and_without_passwords() {
    for (value, is_secret) in [
        ("https://example.org/a:b@c", false),
        ("https://user@example.org", false),
        ("postgres://user:$(PW)@db", false),
        ("postgres://user:pw@db", true),
        ("a=http://x,b=amqp://u:p@q/", true),
    ] {
        let scene = Scene::patched(&json!({"env": [{"name": "TARGET", "value": value}]}));
        assert_eq!(!violated(&scene.report()).is_empty(), is_secret, "{value}");
    }
}
