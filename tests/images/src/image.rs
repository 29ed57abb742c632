//! What an image consists of and says about itself (OCI image specification 1.1).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::Component;
use crate::workspace::Package;

/// Numeric, because Pod Security "restricted" cannot check a name; the customary "nonroot" of distroless images.
pub const USER: &str = "65532:65532";

/// Files every image has besides its binary: the user's name for programs that ask for it.
const ACCOUNTS: [(&str, &str); 2] = [
    ("etc/passwd", include_str!("../rootfs/etc/passwd")),
    ("etc/group", include_str!("../rootfs/etc/group")),
];

/// One image before it becomes bytes.
#[derive(Clone, Debug)]
pub struct Image {
    /// Package, binary and image name.
    pub name: String,
    /// `org.opencontainers.image.*`, sorted.
    pub labels: BTreeMap<String, String>,
    /// Port the image announces.
    pub port: Option<u16>,
    /// The files of its one layer, directories first, in the order they are written.
    pub files: Vec<File>,
    /// The time of everything in it.
    pub created: Timestamp,
}

/// A file or, without content, a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative to the root.
    pub path: String,
    /// Permission bits. Everything belongs to root: the process must not be able to change its own program.
    pub mode: u32,
    /// What is in it.
    pub content: Option<Vec<u8>>,
}

impl Image {
    /// The image of a component's binary.
    pub fn new(component: Component, package: &Package, binary: Vec<u8>, created: Timestamp) -> Self {
        let directory = File {
            path: "etc/".to_owned(),
            mode: 0o755,
            content: None,
        };
        let accounts = ACCOUNTS.map(|(path, text)| File {
            path: path.to_owned(),
            mode: 0o644,
            content: Some(text.as_bytes().to_vec()),
        });
        let program = File {
            path: component.package.to_owned(),
            mode: 0o755,
            content: Some(binary),
        };
        Self {
            name: component.package.to_owned(),
            labels: labels(package),
            port: component.port,
            files: std::iter::once(directory)
                .chain(accounts)
                .chain([program])
                .collect(),
            created,
        }
    }

    /// What is run.
    pub fn entrypoint(&self) -> String {
        format!("/{}", self.name)
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files
            .iter()
            .filter_map(|file| file.content.as_ref())
            .map(|content| content.len() as u64)
            .sum()
    }
}

/// The labels an image carries, whichever tool builds it.
pub fn labels(package: &Package) -> BTreeMap<String, String> {
    let label = |key: &str, value: &str| (format!("org.opencontainers.image.{key}"), value.to_owned());
    BTreeMap::from([
        label("title", &package.name),
        label("description", &package.description),
        label("version", &package.version),
        label("licenses", &package.license),
    ])
}
