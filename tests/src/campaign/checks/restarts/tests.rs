use super::super::super::wanted::{Role, Service};
use super::*;

fn seen(sets: &[&str]) -> BTreeMap<String, (String, String, BTreeSet<String>)> {
    let sets = sets.iter().map(|&set| set.to_owned()).collect();
    [("uid".to_owned(), ("ns".to_owned(), "one".to_owned(), sets))].into()
}

fn wanted(restarts_allowed: usize) -> Wanted {
    let id = Id {
        namespace: "ns".to_owned(),
        name: "one".to_owned(),
    };
    let service = Service {
        role: Role::Kept,
        specs: Vec::new(),
        exists: true,
        deleted: false,
        restarts_allowed,
    };
    Wanted([(id, service)].into())
}

#[test]
fn one_template_is_one_replica_set() {
    assert_eq!(check(&wanted(0), &seen(&["a"])), Vec::new());
    assert_eq!(check(&wanted(0), &seen(&["a", "b"])).len(), 1);
}

#[test]
fn changes_explain_more() {
    assert_eq!(check(&wanted(1), &seen(&["a", "b"])), Vec::new());
    assert_eq!(check(&wanted(1), &seen(&["a", "b", "c"])).len(), 1);
}

#[test]
fn deployments_of_others_are_not_judged() {
    assert_eq!(check(&Wanted::default(), &seen(&["a", "b"])), Vec::new());
}
