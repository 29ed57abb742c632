use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{beside, is_newer};

fn write(path: &Path, age: u64) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_hours(1000 - age);
    File::create(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_program_older_than_a_source_is_not_used() {
    let package = tempfile::tempdir().unwrap();
    let program = package.path().join("local-cluster");
    assert!(!is_newer(&program, package.path()), "there is none");
    write(&program, 5);
    for (file, age) in [
        ("Cargo.toml", 6),
        ("src/a/b.rs", 7),
        ("assets/c.yaml", 8),
        ("src/a/tests.rs", 1),
    ] {
        write(&package.path().join(file), age);
    }
    assert!(is_newer(&program, package.path()));
    write(&package.path().join("src/a/b.rs"), 4);
    assert!(!is_newer(&program, package.path()));
}

#[test]
fn programs_lie_beside_this_one_or_above_a_test() {
    let found: Vec<_> = beside(Path::new("/target/debug/deps/harness-1")).collect();
    assert_eq!(
        found,
        [
            Path::new("/target/debug/deps/local-cluster"),
            Path::new("/target/debug/local-cluster")
        ]
    );
}
