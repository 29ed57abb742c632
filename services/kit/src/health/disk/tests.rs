use std::fs;
use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::testing::SmallVolume;

const ROOMY: Usage = Usage {
    read_only: false,
    space: (50, 100),
    inodes: (50, 100),
};

fn judge(usage: Usage) -> Status {
    DiskSpace::of("/data").judge(&usage)
}

#[test]
fn the_scarcest_of_space_and_inodes_decides() {
    assert_eq!(judge(ROOMY), Status::Ready);
    let Status::Degraded(text) = judge(Usage {
        space: (9, 100),
        ..ROOMY
    }) else {
        panic!("not degraded")
    };
    assert!(
        text.contains("9.0 % of the space of /data") && text.contains("enlarge"),
        "{text}"
    );
    let Status::NotReady(text) = judge(Usage {
        inodes: (0, 100),
        ..ROOMY
    }) else {
        panic!("ready")
    };
    assert!(text.contains("0.0 % of the inodes"), "{text}");
    // btrfs and others count no inodes.
    assert_eq!(
        judge(Usage {
            inodes: (0, 0),
            ..ROOMY
        }),
        Status::Ready
    );
    let Status::NotReady(text) = judge(Usage {
        read_only: true,
        ..ROOMY
    }) else {
        panic!("ready")
    };
    assert!(text.contains("read-only"), "{text}");
}

proptest! {
    /// More free space is never judged worse.
    #[test]
    fn the_verdict_follows_the_free_space(free in 0..1000_u64, more in 0..1000_u64) {
        let rank = |free: u64| match judge(Usage { space: (free.min(1000), 1000), ..ROOMY }) {
            Status::NotReady(_) => 0,
            Status::Degraded(_) => 1,
            Status::Ready => 2,
        };
        prop_assert!(rank(free) <= rank(free + more));
    }
}

#[test]
fn a_path_that_is_not_there_is_told() {
    let Status::NotReady(text) = DiskSpace::of("/no/such/volume").status() else {
        panic!("ready")
    };
    assert!(
        text.contains("/no/such/volume") && text.contains("mounted"),
        "{text}"
    );
}

#[test]
fn a_real_volume_that_fills_up_is_seen_and_recovers() {
    let volume = SmallVolume::new("1m").unwrap();
    let disk = DiskSpace::of(volume.path());
    assert_eq!(disk.status(), Status::Ready);
    let file = volume.path().join("filler");
    fs::write(&file, vec![0; 960 * 1024]).unwrap();
    assert!(
        matches!(disk.status(), Status::Degraded(_)),
        "{:?}",
        disk.status()
    );
    let mut filler = fs::File::options().append(true).open(&file).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    let Status::NotReady(text) = disk.status() else {
        panic!("ready when full")
    };
    assert!(text.contains("0.0 % of the space"), "{text}");
    drop(filler);
    fs::remove_file(&file).unwrap();
    assert_eq!(disk.status(), Status::Ready);
}
