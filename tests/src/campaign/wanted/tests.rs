use super::super::dice::Dice;
use super::super::rendered::Renderer;
use super::*;

fn id() -> Id {
    Id {
        namespace: "ns".to_owned(),
        name: "one".to_owned(),
    }
}

fn service(specs: Vec<Spec>) -> Service {
    Service {
        role: Role::Kept,
        specs,
        exists: true,
        deleted: false,
        restarts_allowed: 0,
    }
}

fn plurals(children: &BTreeSet<ChildName>) -> Vec<&str> {
    children.iter().map(|(plural, ..)| plural.as_str()).collect()
}

fn names(renderer: &Renderer, wanted: &Wanted) -> BTreeSet<ChildName> {
    never_unwanted(wanted, |id, spec| renderer.names(id, spec))
}

/// Two specs of which one has an Ingress.
fn exposed_and_not() -> (Spec, Spec) {
    let renderer = Renderer::new().unwrap();
    let mut dice = Dice::of(1, "spec");
    let has = |spec: &Spec| {
        let names = renderer.names(&id(), spec);
        assert!(names.len() >= 5, "{names:?}");
        names.iter().any(|(plural, _)| plural == "ingresses")
    };
    let mut specs: Vec<_> = (0..50).map(|_| Spec::draw(&mut dice)).collect();
    let exposed = specs.iter().position(&has).unwrap();
    let exposed = specs.swap_remove(exposed);
    let not = specs.into_iter().find(|spec| !has(spec)).unwrap();
    (exposed, not)
}

#[test]
fn what_every_spec_of_the_round_has_must_not_be_deleted() {
    let renderer = Renderer::new().unwrap();
    let (exposed, not) = exposed_and_not();
    let always = Wanted([(id(), service(vec![exposed.clone()]))].into());
    assert!(plurals(&names(&renderer, &always)).contains(&"ingresses"));
    let once = Wanted([(id(), service(vec![exposed, not]))].into());
    let both = names(&renderer, &once);
    assert!(!plurals(&both).contains(&"ingresses"));
    assert!(plurals(&both).contains(&"deployments"));
}

#[test]
fn nothing_of_a_deleted_service_is_wanted_all_the_time() {
    let renderer = Renderer::new().unwrap();
    let mut gone = service(vec![exposed_and_not().0]);
    gone.deleted = true;
    assert_eq!(names(&renderer, &Wanted([(id(), gone)].into())), BTreeSet::new());
}

#[test]
fn a_new_round_begins_with_the_last_spec() {
    let (exposed, not) = exposed_and_not();
    let mut wanted = Wanted([(id(), service(vec![exposed, not.clone()]))].into());
    wanted.new_round();
    assert_eq!(wanted.0.get(&id()).unwrap().specs, [not]);
}

/// Every spec that the campaign may draw is one that the CRD and the renderer take.
#[test]
fn every_spec_can_be_rendered() {
    let renderer = Renderer::new().unwrap();
    let mut dice = Dice::of(2, "spec");
    let mut spec = Spec::draw(&mut dice);
    for _ in 0..300 {
        spec = spec.changed(&mut dice);
        let service = renderer.of_spec(&id(), &spec).unwrap();
        assert!(service.replicas.0 >= 1);
    }
}
