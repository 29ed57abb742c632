use std::time::Duration;

use super::super::super::history::Outcome;
use super::*;

fn write(method: &str, path: &str, outcome: Outcome) -> Write {
    Write {
        operator: "a".to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        arrived: Duration::ZERO,
        answered: None,
        outcome,
        revision: None,
    }
}

fn names() -> BTreeSet<ChildName> {
    [("services".to_owned(), "ns".to_owned(), "one".to_owned())].into()
}

const ONE: &str = "/api/v1/namespaces/ns/services/one";

#[test]
fn paths_name_objects() {
    let name = |path| object(path).map(|(plural, namespace, name)| format!("{plural} {namespace} {name}"));
    assert_eq!(name(ONE).unwrap(), "services ns one");
    assert_eq!(
        name("/apis/apps/v1/namespaces/ns/deployments/one/scale").unwrap(),
        "deployments ns one"
    );
    assert_eq!(name("/api/v1/namespaces/ns/services"), None);
    assert_eq!(name("/api/v1/nodes/one"), None);
}

#[test]
fn deleting_what_is_wanted_is_a_violation_however_it_went() {
    for outcome in [
        Outcome::Answered(200),
        Outcome::Answered(409),
        Outcome::Withheld,
        Outcome::Unknown,
    ] {
        assert_eq!(
            check(&[write("DELETE", ONE, outcome)], &names()).len(),
            1,
            "{outcome:?}"
        );
    }
    let collection = write("DELETE", "/api/v1/namespaces/ns/services", Outcome::Answered(200));
    assert_eq!(check(&[collection], &names()).len(), 1);
}

#[test]
fn other_writes_and_other_objects_are_not() {
    let writes = [
        write("PATCH", ONE, Outcome::Answered(200)),
        write(
            "DELETE",
            "/api/v1/namespaces/ns/services/two",
            Outcome::Answered(200),
        ),
        write(
            "DELETE",
            "/api/v1/namespaces/other/services/one",
            Outcome::Answered(200),
        ),
    ];
    assert_eq!(check(&writes, &names()), Vec::new());
}

#[test]
fn a_done_write_to_a_foreign_object_is_a_violation() {
    assert_eq!(
        check_foreign(&[write("PATCH", ONE, Outcome::Answered(200))], &names()).len(),
        1
    );
    assert_eq!(
        check_foreign(&[write("PATCH", ONE, Outcome::Answered(409))], &names()),
        Vec::new()
    );
}
