use std::collections::HashMap;
use std::io::Read;

use flate2::read::GzDecoder;
use jiff::Timestamp;
use oci_spec::image::{Arch, ImageConfiguration, ImageIndex, ImageManifest, OciLayout, Os};

use super::*;
use crate::Component;
use crate::workspace::Package;

const REFERENCE: &str = "registry.local/gitops-health/demo:1.2.3";

fn image(binary: &[u8]) -> Image {
    let package = Package {
        name: "demo".to_owned(),
        version: "1.2.3".to_owned(),
        description: "A demonstration".to_owned(),
        license: "Apache-2.0".to_owned(),
    };
    let component = Component {
        package: "demo",
        port: Some(8081),
    };
    Image::new(component, &package, binary.to_vec(), Timestamp::UNIX_EPOCH)
}

fn written(image: &Image) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(image, REFERENCE, &mut bytes).unwrap();
    bytes
}

fn entries(archive: &[u8]) -> HashMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let read = |entry: io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// The content of a blob, after checking that it is what its digest and size say.
fn blob<'a>(files: &'a HashMap<String, Vec<u8>>, descriptor: &oci_spec::image::Descriptor) -> &'a [u8] {
    let hex = descriptor.as_digest_sha256().unwrap();
    let content = &files[&format!("blobs/sha256/{hex}")];
    assert_eq!(digest(content), format!("sha256:{hex}"));
    assert_eq!(descriptor.size(), content.len() as u64);
    content
}

#[test]
fn the_same_image_is_the_same_bytes() {
    assert_eq!(written(&image(b"program")), written(&image(b"program")));
    assert_ne!(written(&image(b"program")), written(&image(b"progran")));
}

#[test]
fn the_time_is_the_one_given() {
    let later = Image {
        created: Timestamp::from_second(1_700_000_000).unwrap(),
        ..image(b"program")
    };
    let bytes = written(&later);
    let mut archive = tar::Archive::new(bytes.as_slice());
    for entry in archive.entries().unwrap() {
        assert_eq!(entry.unwrap().header().mtime().unwrap(), 1_700_000_000);
    }
    assert_ne!(bytes, written(&image(b"program")));
}

/// Read back with the specification's own types.
#[test]
fn the_archive_is_an_oci_image_layout() {
    let files = entries(&written(&image(b"program")));
    let layout = OciLayout::from_reader(files["oci-layout"].as_slice()).unwrap();
    assert_eq!(layout.image_layout_version(), "1.0.0");

    let index = ImageIndex::from_reader(files["index.json"].as_slice()).unwrap();
    let [manifest] = index.manifests().as_slice() else {
        panic!("one image expected")
    };
    assert_eq!(
        manifest.annotations().as_ref().unwrap()["io.containerd.image.name"],
        REFERENCE
    );
    assert_eq!(
        manifest.annotations().as_ref().unwrap()["org.opencontainers.image.ref.name"],
        "1.2.3"
    );
    let manifest = ImageManifest::from_reader(blob(&files, manifest)).unwrap();

    let configuration = ImageConfiguration::from_reader(blob(&files, manifest.config())).unwrap();
    assert_eq!(
        (configuration.os(), configuration.architecture()),
        (&Os::Linux, &Arch::Amd64)
    );
    assert_eq!(configuration.created().as_deref(), Some("1970-01-01T00:00:00Z"));
    let execution = configuration.config().as_ref().unwrap();
    assert_eq!(execution.user().as_deref(), Some("65532:65532"));
    assert_eq!(
        execution.entrypoint().as_deref(),
        Some(["/demo".to_owned()].as_slice())
    );
    assert_eq!(
        execution.exposed_ports().as_deref(),
        Some(["8081/tcp".to_owned()].as_slice())
    );
    assert_eq!(
        execution.labels().as_ref().unwrap()["org.opencontainers.image.title"],
        "demo"
    );
    assert_eq!(execution.labels().as_ref().unwrap().len(), 4);

    let [layer] = manifest.layers().as_slice() else {
        panic!("one layer expected")
    };
    let mut plain = Vec::new();
    GzDecoder::new(blob(&files, layer))
        .read_to_end(&mut plain)
        .unwrap();
    assert_eq!(configuration.rootfs().diff_ids(), &[digest(&plain)]);
    let content = entries(&plain);
    assert_eq!(content["demo"], b"program");
    assert_eq!(
        content["etc/passwd"],
        b"nonroot:x:65532:65532:nonroot:/:/sbin/nologin\n"
    );
    assert_eq!(content.len(), 4, "{:?}", content.keys());
}

#[test]
fn the_program_is_executable_and_belongs_to_root() {
    let plain = layer(&image(b"program").files, 0).unwrap();
    let mut archive = tar::Archive::new(plain.as_slice());
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        let executable = header.mode().unwrap() & 0o111 == 0o111;
        let path = entry.path().unwrap();
        assert_eq!(
            executable,
            !path.starts_with("etc") || header.entry_type().is_dir(),
            "{path:?}"
        );
        assert_eq!(header.mode().unwrap() & 0o022, 0, "writable by others: {path:?}");
    }
}
