//! Puts static binaries into OCI images `FROM scratch`, without a Docker engine.
//!
//! [`workspace`] (what the packages are) → [`compile`] (cargo, musl) → [`binary`] (is it static?) → [`image`] (what
//! the image says, pure) → [`archive`] (bytes, pure) → a file, or [`push`] (crane) to a registry. The same binary
//! gives the same archive, byte for byte.

pub mod archive;
pub mod binary;
pub mod compile;
pub mod image;
pub mod push;
pub mod workspace;

/// What is put into images: the package, which is also the binary and the image, and the port it serves on, if
/// the image is to announce one. A new service is a new line.
pub const COMPONENTS: [Component; 3] = [
    Component {
        package: "healthcare-operator",
        port: None,
    },
    Component {
        package: "auth-service",
        port: Some(8080),
    },
    Component {
        package: "synthetic-phi-service",
        port: Some(8081),
    },
];

/// One entry of [`COMPONENTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Package, binary and image name.
    pub package: &'static str,
    /// Port the image announces.
    pub port: Option<u16>,
}
