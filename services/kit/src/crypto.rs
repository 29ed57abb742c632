//! The one crypto provider.

/// Installs aws-lc-rs as the process's rustls provider. Call it first thing in `main`.
///
/// Returns false when a provider was installed before, which is harmless if it was by this function.
pub fn install_provider() -> bool {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_ok()
}
