//! OCI image archives of one binary each.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::process::run;
use crate::toolchain::hex;

/// Writes an OCI image layout with one layer that holds `binary`, a static one, at the root, as `name`.
///
/// # Errors
/// When the binary cannot be read or the archive not be written.
pub fn write(archive: &Path, image: &str, name: &str, binary: &Path) -> Result<()> {
    write_with(archive, image, name, binary, &[])
}

/// The same of a binary as cargo builds it for tests: with the loader and the libraries of this machine that it asks for. Not
/// for images that anybody gets.
///
/// # Errors
/// When the binary cannot be read or the archive not be written.
pub fn write_linked(archive: &Path, image: &str, name: &str, binary: &Path) -> Result<()> {
    let told = run(Command::new("ldd").arg(binary))?;
    write_with(archive, image, name, binary, &libraries(&told))
}

/// The files in what `ldd` tells: `name => /path (address)`, or the path alone.
fn libraries(told: &str) -> Vec<PathBuf> {
    let path = |line: &str| {
        let mut words = line.split_whitespace();
        words.find(|word| word.starts_with('/')).map(PathBuf::from)
    };
    told.lines().filter_map(path).collect()
}

fn write_with(archive: &Path, image: &str, name: &str, binary: &Path, libraries: &[PathBuf]) -> Result<()> {
    let mut layer = tar::Builder::new(Vec::new());
    append(&mut layer, name, &std::fs::read(binary)?, 0o755)?;
    for library in libraries {
        let place = library.strip_prefix("/")?.display().to_string();
        append(&mut layer, &place, &std::fs::read(library)?, 0o755)?;
    }
    let mut blobs = Blobs(tar::Builder::new(std::fs::File::create(archive)?));
    let layer = layer.into_inner()?;
    let diff = format!("sha256:{}", digest(&layer));
    let layer = blobs.add(&layer, "application/vnd.oci.image.layer.v1.tar")?;
    let config = json!({
        "architecture": "amd64", "os": "linux",
        "config": {"Entrypoint": [format!("/{name}")], "User": "65532:65532"},
        "rootfs": {"type": "layers", "diff_ids": [diff]},
    });
    let config = blobs.add(
        &serde_json::to_vec(&config)?,
        "application/vnd.oci.image.config.v1+json",
    )?;
    let media = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({"schemaVersion": 2, "mediaType": media, "config": config, "layers": [layer]});
    let mut manifest = blobs.add(&serde_json::to_vec(&manifest)?, media)?;
    manifest
        .as_object_mut()
        .context("a descriptor is an object")?
        .insert(
            "annotations".to_owned(),
            json!({"io.containerd.image.name": image}),
        );
    let index = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest]});
    append(&mut blobs.0, "index.json", &serde_json::to_vec(&index)?, 0o644)?;
    append(
        &mut blobs.0,
        "oci-layout",
        br#"{"imageLayoutVersion":"1.0.0"}"#,
        0o644,
    )?;
    blobs.0.finish()?;
    Ok(())
}

struct Blobs(tar::Builder<std::fs::File>);

impl Blobs {
    fn add(&mut self, data: &[u8], media: &str) -> Result<Value> {
        let digest = digest(data);
        append(&mut self.0, &format!("blobs/sha256/{digest}"), data, 0o644)?;
        Ok(json!({"mediaType": media, "digest": format!("sha256:{digest}"), "size": data.len()}))
    }
}

fn append<W: std::io::Write>(
    archive: &mut tar::Builder<W>,
    path: &str,
    data: &[u8],
    mode: u32,
) -> Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_size(data.len().try_into()?);
    header.set_mode(mode);
    header.set_cksum();
    archive.append_data(&mut header, path, data)?;
    Ok(())
}

fn digest(data: &[u8]) -> String {
    hex(&Sha256::digest(data))
}

#[cfg(test)]
mod tests;
