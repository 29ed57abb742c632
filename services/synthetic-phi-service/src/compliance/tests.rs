use super::*;

fn patient() -> Patient {
    sample().patient(Index::FIRST)
}

#[test]
fn all_promises_are_kept() {
    for check in checks() {
        assert_eq!((check.verify)(), Ok(()), "{}", check.name);
    }
}

#[test]
fn a_broken_promise_is_noticed() {
    let ssn = Patient {
        ssn: "078-05-1120".to_owned(),
        ..patient()
    };
    let mrn = Patient {
        mrn: "123".to_owned(),
        ..patient()
    };
    let phone = Patient {
        phone: "+1-202-456-1111".to_owned(),
        ..patient()
    };
    let email = Patient {
        email: "someone@mail.com".to_owned(),
        ..patient()
    };
    assert!(!identifiers_not_assignable(&ssn));
    assert!(!identifiers_not_assignable(&mrn));
    assert!(!contacts_reserved(&phone));
    assert!(!contacts_reserved(&email));
    assert!(!reproducible(&ssn));
    assert_eq!(each(|_| false), Err(patient().patient_id));
}
