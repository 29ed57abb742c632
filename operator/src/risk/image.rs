//! Another image.

use super::tally::Tally;
use super::version::{Distance, Step, Tag};

/// `registry/path:tag@digest`.
#[derive(Debug, PartialEq, Eq)]
struct Reference<'a> {
    registry: &'a str,
    path: &'a str,
    tag: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Reference<'a> {
    fn parse(text: &'a str) -> Self {
        let (named, digest) = split(text, '@');
        let last_part = named.rfind('/').map_or(0, |at| at + 1);
        let (name, tag) = match named.get(last_part..).and_then(|part| part.rfind(':')) {
            Some(colon) => {
                let (name, tag) = named.split_at(last_part + colon);
                (name, tag.strip_prefix(':'))
            }
            None => (named, None),
        };
        // The rule of the distribution's reference grammar: a first part that can be a host is one.
        let (registry, path) = match name.split_once('/') {
            Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
            _ => ("", name),
        };
        Self {
            registry,
            path,
            tag,
            digest,
        }
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

pub(super) fn compare(from: &str, to: &str, tally: &mut Tally) {
    let (from, to) = (Reference::parse(from), Reference::parse(to));
    repository(&from, &to, tally);
    match (from.tag, to.tag) {
        (Some(was), Some(now)) if was == now => digest(&from, &to, now, tally),
        (Some(was), Some(now)) => version(was, now, tally),
        (None, None) if from.digest == to.digest => {}
        _ => tally.add(
            "ImageUnknownDistance",
            30,
            "another digest, and no tag to tell how far apart the versions are",
        ),
    }
}

/// Another path is another program, for all that is known.
fn repository(from: &Reference<'_>, to: &Reference<'_>, tally: &mut Tally) {
    if from.path != to.path {
        let message = format!("the image comes from repository {}, not {}", to.path, from.path);
        tally.add("ImageRepository", 40, message);
    } else if from.registry != to.registry {
        let message = format!("the image comes from {}, not {}", host(to), host(from));
        tally.add("ImageRegistry", 20, message);
    }
}

fn host<'a>(reference: &Reference<'a>) -> &'a str {
    if reference.registry.is_empty() {
        "the default registry"
    } else {
        reference.registry
    }
}

/// The same tag: its publisher says that it is the same version. Never more than another tag costs.
fn digest(from: &Reference<'_>, to: &Reference<'_>, tag: &str, tally: &mut Tally) {
    match (from.digest, to.digest) {
        (was, now) if was == now => {}
        (None, _) => tally.add(
            "ImagePinned",
            4,
            format!("tag {tag} is pinned to a digest, which may not be what runs"),
        ),
        (_, None) => tally.add(
            "ImageUnpinned",
            8,
            format!("tag {tag} is no longer pinned to a digest"),
        ),
        _ => tally.add("ImageDigest", 8, format!("tag {tag} stands for another digest")),
    }
}

fn version(was: &str, now: &str, tally: &mut Tally) {
    let (from, to) = (Tag::parse(was), Tag::parse(now));
    let between = format!("from {was} to {now}");
    let (name, points, what) = match from.distance(&to) {
        Distance::None => ("ImageRetagged", 8, "the same version under another tag"),
        Distance::Variant => ("ImageVariant", 15, "another variant of the same version"),
        Distance::Up(Step::Patch) => ("ImagePatch", 8, "a patch release"),
        Distance::Up(Step::Minor) => ("ImageMinor", 18, "a minor release"),
        Distance::Up(Step::Major) => ("ImageMajor", 50, "a release that may break compatibility"),
        Distance::Down(Step::Patch) => ("ImageDowngrade", 32, "back by a patch release"),
        Distance::Down(Step::Minor) => ("ImageDowngrade", 38, "back by a minor release"),
        Distance::Down(Step::Major) => (
            "ImageDowngrade",
            55,
            "back by a release that may break compatibility",
        ),
        Distance::Earlier => ("ImageDowngrade", 38, "back to an earlier date"),
        Distance::Unknown => (
            "ImageUnknownDistance",
            30,
            "the tags do not tell how much changed",
        ),
    };
    tally.add(name, points, format!("{between}: {what}"));
    if to.is_prerelease() {
        tally.add("ImagePrerelease", 10, format!("{now} is no release yet"));
    }
}

#[cfg(test)]
mod tests;
