use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest, Sha256};

/// A directory of tools in `home`, a test binary's `CARGO_TARGET_TMPDIR`, that `install` fills once. It is named after `recipe`, what
/// they are made of, so that a change installs anew. Moved into place whole: another test run may be installing too.
///
/// # Errors
/// When `install` fails, or a directory cannot be made.
pub fn installed(
    home: &Path,
    name: &str,
    recipe: &[u8],
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let mut name = format!("{name}-");
    for byte in Sha256::digest(recipe).iter().take(6) {
        write!(name, "{byte:02x}")?;
    }
    let tools = home.join(name);
    if !tools.exists() {
        let fresh = tempfile::tempdir_in(home)?;
        install(fresh.path())?;
        // Lost to another run that was faster: its result is as good.
        let moved = fs::rename(fresh.path(), &tools);
        if !tools.exists() {
            moved.with_context(|| format!("move the tools to {}", tools.display()))?;
        }
    }
    Ok(tools)
}
