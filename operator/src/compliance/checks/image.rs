//! The image: whether it is known what runs.

use serde_json::Value;

use super::Case;
use super::pods::each_container;
use crate::compliance::control::Seen;
use crate::compliance::input::text;

/// A tag that is not `latest`, or a digest.
pub(in crate::compliance) fn fixed(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "images have a fixed version",
        "name a fixed tag, such as :1.4.2, or a digest in spec.image",
        |_, container| {
            let image = text(container, "image");
            (!is_fixed(image)).then(|| format!("image {image} may change under a running service"))
        },
    )
}

/// A digest: the very bytes that were validated.
pub(in crate::compliance) fn pinned(case: &Case<'_>) -> Seen {
    each_container(
        case,
        "images are pinned by digest",
        "write spec.image with @sha256:<64 hex digits>",
        |_, container: &Value| {
            let image = text(container, "image");
            (!is_pinned(image)).then(|| format!("image {image} is not pinned by digest"))
        },
    )
}

fn is_pinned(image: &str) -> bool {
    image
        .split_once("@sha256:")
        .is_some_and(|(_, digest)| digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_fixed(image: &str) -> bool {
    if is_pinned(image) {
        return true;
    }
    // A colon before the last slash belongs to the registry's port.
    let last = image.rsplit('/').next().unwrap_or_default();
    last.split_once(':')
        .is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}
