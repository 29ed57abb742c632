//! An image as bytes: an OCI image layout in a tar archive, the same bytes for the same image.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use flate2::{Compression, GzBuilder};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::image::{File, Image, USER};

/// An archive could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Writing failed.
    #[error("the archive could not be written")]
    Write(#[from] io::Error),
    /// A document of the image could not be written as JSON.
    #[error("a document of the image could not be written as JSON")]
    Json(#[from] serde_json::Error),
}

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

// Our own types for the documents, because maps in the order of their hashes would make other bytes every time.

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: &'static str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<BTreeMap<&'static str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
}

#[derive(Clone, Copy, Serialize)]
struct Platform {
    architecture: &'static str,
    os: &'static str,
}

const PLATFORM: Platform = Platform {
    architecture: "amd64",
    os: "linux",
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u8,
    media_type: &'static str,
    config: Descriptor,
    layers: [Descriptor; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: &'static str,
    manifests: [Descriptor; 1],
}

#[derive(Serialize)]
struct Configuration<'a> {
    created: String,
    #[serde(flatten)]
    platform: Platform,
    config: Execution<'a>,
    rootfs: RootFs,
    history: [History; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Execution<'a> {
    user: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    exposed_ports: BTreeMap<String, Value>,
    entrypoint: [String; 1],
    working_dir: &'static str,
    labels: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RootFs {
    r#type: &'static str,
    diff_ids: [String; 1],
}

#[derive(Serialize)]
struct History {
    created: String,
    created_by: &'static str,
}

/// Writes `image`, to be known as `reference` after `ctr images import` or `crane push`.
pub fn write<W: Write>(image: &Image, reference: &str, output: W) -> Result<(), ArchiveError> {
    let seconds = u64::try_from(image.created.as_second()).unwrap_or_default();
    let plain = layer(&image.files, seconds)?;
    let configuration = serde_json::to_vec(&configuration(image, &digest(&plain)))?;
    let mut blobs = Blobs {
        archive: tar::Builder::new(output),
        seconds,
    };
    let layers = [blobs.add(LAYER, &compressed(&plain)?)?];
    let config = blobs.add(CONFIG, &configuration)?;
    let manifest = serde_json::to_vec(&Manifest {
        schema_version: 2,
        media_type: MANIFEST,
        config,
        layers,
    })?;
    let manifest = Descriptor {
        annotations: Some(names(reference)),
        platform: Some(PLATFORM),
        ..blobs.add(MANIFEST, &manifest)?
    };
    let index = serde_json::to_vec(&Index {
        schema_version: 2,
        media_type: INDEX,
        manifests: [manifest],
    })?;
    blobs.file("index.json", &index)?;
    blobs.file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    blobs.archive.into_inner()?.flush()?;
    Ok(())
}

fn configuration<'a>(image: &'a Image, diff_id: &str) -> Configuration<'a> {
    let created = image.created.to_string();
    Configuration {
        created: created.clone(),
        platform: PLATFORM,
        config: Execution {
            user: USER,
            exposed_ports: image
                .port
                .iter()
                .map(|port| (format!("{port}/tcp"), json!({})))
                .collect(),
            entrypoint: [image.entrypoint()],
            working_dir: "/",
            labels: &image.labels,
        },
        rootfs: RootFs {
            r#type: "layers",
            diff_ids: [diff_id.to_owned()],
        },
        history: [History {
            created,
            created_by: "image-builder",
        }],
    }
}

/// What containerd calls the image after an import, and the tag (OCI image layout, annotations).
fn names(reference: &str) -> BTreeMap<&'static str, String> {
    let tag = reference.rsplit(':').next().unwrap_or_default();
    BTreeMap::from([
        ("io.containerd.image.name", reference.to_owned()),
        ("org.opencontainers.image.ref.name", tag.to_owned()),
    ])
}

struct Blobs<W: Write> {
    archive: tar::Builder<W>,
    seconds: u64,
}

impl<W: Write> Blobs<W> {
    fn add(&mut self, media_type: &'static str, content: &[u8]) -> io::Result<Descriptor> {
        let digest = digest(content);
        self.file(&format!("blobs/{}", digest.replace(':', "/")), content)?;
        Ok(Descriptor {
            media_type,
            digest,
            size: content.len(),
            annotations: None,
            platform: None,
        })
    }

    fn file(&mut self, path: &str, content: &[u8]) -> io::Result<()> {
        append(&mut self.archive, path, 0o644, Some(content), self.seconds)
    }
}

fn layer(files: &[File], seconds: u64) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for file in files {
        append(
            &mut archive,
            &file.path,
            file.mode,
            file.content.as_deref(),
            seconds,
        )?;
    }
    archive.into_inner()
}

fn append<W: Write>(
    archive: &mut tar::Builder<W>,
    path: &str,
    mode: u32,
    content: Option<&[u8]>,
    seconds: u64,
) -> io::Result<()> {
    let kind = if content.is_some() {
        tar::EntryType::Regular
    } else {
        tar::EntryType::Directory
    };
    let content = content.unwrap_or_default();
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(seconds);
    archive.append_data(&mut header, path, content)
}

fn compressed(plain: &[u8]) -> io::Result<Vec<u8>> {
    // Without file name and time, which gzip would otherwise keep.
    let mut encoder = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .fold("sha256:".to_owned(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests;
