use super::*;

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|&value| value.to_owned()).collect()
}

fn config(origins: &[&str], credentials: bool) -> CorsConfig {
    CorsConfig {
        cors_allowed_origins: list(origins),
        cors_allow_credentials: credentials,
        ..CorsConfig::default()
    }
}

#[test]
fn nothing_set_is_no_layer_and_no_mistake() {
    assert!(CorsConfig::default().layer().is_none());
    assert!(CorsConfig::default().mistakes().is_empty());
}

#[test]
fn combinations_that_browsers_refuse_are_mistakes() {
    let table = [
        (config(&["https://a.example"], true), vec![]),
        (config(&["*"], false), vec![]),
        (
            config(&["*"], true),
            vec!["CORS_ALLOWED_ORIGINS: * cannot be combined"],
        ),
        (
            config(&["*", "https://a.example"], false),
            vec!["CORS_ALLOWED_ORIGINS: * means all"],
        ),
        (config(&[], true), vec!["CORS_ALLOWED_ORIGINS: must be set"]),
        (
            CorsConfig {
                cors_allowed_methods: list(&["*"]),
                cors_allowed_headers: list(&["*"]),
                ..config(&["https://a.example"], true)
            },
            vec!["CORS_ALLOWED_METHODS: * cannot", "CORS_ALLOWED_HEADERS: * cannot"],
        ),
        (
            CorsConfig {
                cors_max_age: Some(Duration::from_secs(1)),
                ..CorsConfig::default()
            },
            vec!["CORS_ALLOWED_ORIGINS: must be set"],
        ),
    ];
    for (config, expected) in table {
        let found = config.mistakes();
        assert_eq!(found.len(), expected.len(), "{config:?}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
        // tower-http panics over what a browser would refuse: nothing that is no mistake may get there.
        if found.is_empty() {
            let layer = config.layer().unwrap();
            let _ = tower::Layer::layer(&layer, axum::Router::<()>::new());
        }
    }
}

#[test]
fn origins_are_what_browsers_send() {
    for accepted in [
        "*",
        "https://a.example",
        " http://localhost:3000",
        "https://a.example:8443",
        "http://[::1]:3000",
    ] {
        assert_eq!(parse_origin(accepted).unwrap(), accepted.trim(), "{accepted}");
    }
    for refused in [
        "a.example",
        "https://a.example/",
        "https://a.example/path",
        "https://A.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://user@a.example",
        "https://",
        "ftp://a.example",
        "null",
        "https://a.example?x",
        "https://a.example:80a",
        "",
    ] {
        assert!(parse_origin(refused).is_err(), "{refused}");
    }
}

#[test]
fn methods_and_headers_are_tokens() {
    assert!(parse_method("GET").is_ok() && parse_method("*").is_ok());
    assert!(parse_method("get").is_err() && parse_method("G T").is_err() && parse_method("").is_err());
    assert_eq!(parse_header(" X-Own").unwrap(), "x-own");
    assert!(parse_header("*").is_ok());
    assert!(parse_header("x y").is_err() && parse_header("").is_err());
}
