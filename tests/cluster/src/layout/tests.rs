use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::Layout;

#[test]
fn only_this_user_may_enter() {
    let directory = tempfile::tempdir().unwrap();
    let layout = Layout::new(&directory.path().join("cluster"));
    layout.create().unwrap();
    let mode = layout.root.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert!(layout.pki().is_dir());
}

#[test]
fn a_path_too_long_for_the_socket_is_refused_before_anything_is_made() {
    let root = Path::new("/nonexistent").join("d".repeat(100));
    let error = Layout::new(&root).create().unwrap_err().to_string();
    assert!(error.contains("choose a shorter directory"), "{error}");
}
