use super::{Group, sources};

#[test]
fn a_digest_covers_every_file_that_goes_into_a_binary() {
    let module = tempfile::tempdir().unwrap();
    for name in [
        "policy.go",
        "go.sum",
        "main.go",
        "go.mod",
        "policy_test.go",
        "README.md",
    ] {
        std::fs::write(module.path().join(name), name).unwrap();
    }
    let found = sources(module.path()).unwrap();
    let names: Vec<_> = found
        .iter()
        .map(|file| file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(names, ["go.mod", "go.sum", "main.go", "policy.go"]);
}

#[test]
fn every_group_has_a_module() {
    for group in Group::ALL {
        assert!(!sources(&group.source()).unwrap().is_empty(), "{}", group.name());
    }
}
