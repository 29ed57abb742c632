use super::{Denial, Grants, Policy};

/// Roles and scopes of a caller.
struct Caller(&'static [&'static str], &'static [&'static str]);

impl Grants for Caller {
    fn has_role(&self, role: &str) -> bool {
        self.0.contains(&role)
    }

    fn has_scope(&self, scope: &str) -> bool {
        self.1.contains(&scope)
    }
}

const NOBODY: Caller = Caller(&[], &[]);
const CLINICIAN: Caller = Caller(&["clinician"], &["records.read"]);

#[test]
fn what_is_not_granted_is_denied() {
    let everything_empty = [
        Policy::default(),
        Policy::deny(),
        Policy::all([]),
        Policy::any([]),
        Policy::action("unresolved"),
    ];
    for policy in everything_empty {
        assert!(policy.check(&CLINICIAN).is_err(), "{policy:?}");
    }
}

#[test]
fn roles_and_scopes_are_compared_whole() {
    assert!(Policy::role("clinician").check(&CLINICIAN).is_ok());
    assert!(Policy::role("clinic").check(&CLINICIAN).is_err());
    assert!(Policy::scope("records.read").check(&CLINICIAN).is_ok());
    assert!(Policy::scope("records").check(&CLINICIAN).is_err());
    // A role is not a scope of the same name.
    assert!(Policy::scope("clinician").check(&CLINICIAN).is_err());
}

#[test]
fn all_needs_every_one_and_any_needs_one() {
    let both = Policy::all([Policy::role("clinician"), Policy::scope("records.write")]);
    let either = Policy::any([Policy::role("clinician"), Policy::scope("records.write")]);
    assert!(both.check(&CLINICIAN).is_err());
    assert!(either.check(&CLINICIAN).is_ok());
    assert!(either.check(&NOBODY).is_err());
    assert!(Policy::authenticated().check(&NOBODY).is_ok());
}

#[test]
fn a_denial_names_each_missing_scope_once() {
    let policy = Policy::any([
        Policy::all([Policy::scope("records.read"), Policy::scope("records.write")]),
        Policy::all([Policy::scope("records.write"), Policy::role("admin")]),
    ]);
    let denial = Denial {
        missing_scopes: vec!["records.write".to_owned()],
    };
    assert_eq!(policy.check(&CLINICIAN), Err(denial));
}

#[test]
fn actions_are_replaced_at_any_depth() {
    let policy = Policy::all([Policy::any([Policy::action("read")]), Policy::authenticated()]);
    let known = |name: &str| (name == "read").then(|| Policy::role("clinician"));
    let resolved = policy.resolved(&known).expect("the action is known");
    assert!(resolved.check(&CLINICIAN).is_ok());
    assert!(resolved.check(&NOBODY).is_err());
    assert_eq!(policy.resolved(&|_: &str| None), Err("read"));
}
