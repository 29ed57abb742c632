use std::net::{Ipv4Addr, TcpListener};

use super::{MOST, Ports};

#[test]
fn clusters_get_ports_that_differ_and_stay_below_the_ephemeral_range() {
    let mut all = Vec::new();
    while let Ok(ports) = Ports::first(|ports| !all.contains(&ports)) {
        all.push(ports);
    }
    assert_eq!(all.len(), usize::from(MOST));
    assert!(all.iter().all(|ports| ports.scheduler < 32_768));
    assert!(all.is_sorted_by(|one, next| one.scheduler < next.etcd));
    let error = Ports::first(|_| false).unwrap_err().to_string();
    assert!(error.contains("end other clusters"), "{error}");
}

#[test]
fn ports_that_something_listens_on_are_not_free() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ports = Ports {
        api: listener.local_addr().unwrap().port(),
        ..Ports::starting_at(0)
    };
    assert!(!ports.are_free());
}
