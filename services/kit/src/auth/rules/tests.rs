use super::{Rules, RulesError};

fn refusal(text: &str) -> RulesError {
    Rules::from_yaml(text).expect_err(text)
}

#[test]
fn names_that_are_not_declared_are_refused() {
    let file = |entry: &str| format!("{{roles: [admin], scopes: [a.read], actions: {{x: {entry}}}}}");
    for (entry, kind, name) in [
        ("{role: amdin}", "role", "amdin"),
        ("{all: [{role: admin}, {scope: a.raed}]}", "scope", "a.raed"),
        ("{role: a.read}", "role", "a.read"),
    ] {
        let expected = RulesError::Undeclared {
            action: "x".to_owned(),
            kind,
            name: name.to_owned(),
        };
        assert_eq!(refusal(&file(entry)), expected);
    }
    assert!(Rules::from_yaml(&file("{any: [{role: admin}, {scope: a.read}]}")).is_ok());
}

#[test]
fn what_cannot_be_read_for_certain_is_refused() {
    for text in [
        "",
        "[]",
        "{roles: [], scopes: []}",
        "{roles: [], scopes: [], actions: {x: everybody}}",
        "{roles: [], scopes: [], actions: {x: {role: a, scope: b}}}",
        "{roles: [], scopes: [], actions: {x: {roles: [a]}}}",
        "{roles: [], scopes: [], actions: {}, extra: 1}",
        "{roles: [], scopes: [], actions: {x: authenticated, x: {any: []}}}",
        "{roles: [], scopes: [], actions: {}, actions: {x: authenticated}}",
        "{roles: [], scopes: [], actions: {x: null}}",
    ] {
        assert!(matches!(refusal(text), RulesError::Unreadable(_)), "{text}");
    }
    assert_eq!(
        refusal("{roles: [], scopes: ['a b'], actions: {}}"),
        RulesError::InvalidScope("a b".to_owned())
    );
}
