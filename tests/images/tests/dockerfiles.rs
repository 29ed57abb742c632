//! The Dockerfiles make the same images as the builder.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use image_builder::image::{Image, USER, labels};
use image_builder::workspace::Workspace;
use image_builder::{COMPONENTS, Component};
use jiff::Timestamp;

#[cfg(test)]
mod same_content {
    use super::*;

    /// The instructions of the last stage, continued lines joined, comments left out.
    fn last_stage(text: &str) -> Vec<(String, String)> {
        let joined = text.replace("\\\n", " ");
        let all: Vec<(String, String)> = joined
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| line.split_once(' ').unwrap())
            .map(|(word, rest)| (word.to_owned(), rest.trim().to_owned()))
            .collect();
        let from = all.iter().rposition(|(word, _)| word == "FROM").unwrap();
        all[from..].to_vec()
    }

    fn argument<'a>(stage: &'a [(String, String)], word: &str) -> Vec<&'a str> {
        stage
            .iter()
            .filter(|(found, _)| found == word)
            .map(|(_, rest)| rest.as_str())
            .collect()
    }

    fn dockerfile(workspace: &Workspace, component: Component) -> PathBuf {
        let folder = match component.package {
            "healthcare-operator" => PathBuf::from("operator"),
            service => Path::new("services").join(service),
        };
        workspace.workspace_root.join(folder).join("Dockerfile")
    }

    /// `key="value"` pairs.
    fn label_pairs(stage: &[(String, String)]) -> BTreeMap<String, String> {
        let text = argument(stage, "LABEL").join(" ");
        let parts: Vec<&str> = text.split('"').collect();
        parts
            .chunks_exact(2)
            .map(|pair| {
                (
                    pair[0].trim().trim_end_matches('=').to_owned(),
                    pair[1].to_owned(),
                )
            })
            .collect()
    }

    /// Where the last stage puts files.
    fn copied(stage: &[(String, String)], root: &Path) -> BTreeSet<String> {
        let mut files = BTreeSet::new();
        for copy in argument(stage, "COPY") {
            let words: Vec<&str> = copy
                .split_whitespace()
                .filter(|word| !word.starts_with("--"))
                .collect();
            let [from, to] = words.as_slice() else {
                panic!("COPY {copy}")
            };
            if from.ends_with('/') {
                assert_eq!(*to, "/", "COPY {copy}");
                files.extend(
                    std::fs::read_dir(root.join(from).join("etc"))
                        .unwrap()
                        .map(|entry| format!("etc/{}", entry.unwrap().file_name().to_str().unwrap())),
                );
            } else {
                files.insert(to.trim_start_matches('/').to_owned());
            }
        }
        files
    }

    #[test]
    fn every_component_has_a_dockerfile_that_agrees() {
        let workspace = Workspace::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for component in COMPONENTS {
            let package = workspace.package(component.package).unwrap();
            let image = Image::new(component, package, Vec::new(), Timestamp::UNIX_EPOCH);
            let path = dockerfile(&workspace, component);
            let text =
                std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let stage = last_stage(&text);
            let name = component.package;
            assert_eq!(argument(&stage, "FROM"), ["scratch"], "{name}");
            assert_eq!(argument(&stage, "USER"), [USER], "{name}");
            assert_eq!(
                argument(&stage, "ENTRYPOINT"),
                [format!("[\"{}\"]", image.entrypoint())],
                "{name}"
            );
            let ports: Vec<String> = component.port.iter().map(ToString::to_string).collect();
            assert_eq!(argument(&stage, "EXPOSE"), ports, "{name}");
            assert_eq!(label_pairs(&stage), labels(package), "{name}");
            let files: BTreeSet<String> = image
                .files
                .iter()
                .filter(|file| file.content.is_some())
                .map(|file| file.path.clone())
                .collect();
            assert_eq!(copied(&stage, &workspace.workspace_root), files, "{name}");
            let compiled = format!("--profile dist --target x86_64-unknown-linux-musl --package {name}");
            assert!(text.contains(&compiled), "{name}: {compiled}");
        }
    }

    #[test]
    fn images_have_a_description_and_a_licence() {
        let workspace = Workspace::of(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for component in COMPONENTS {
            let package = workspace.package(component.package).unwrap();
            assert!(
                !package.description.is_empty() && !package.license.is_empty(),
                "{package:?}"
            );
        }
    }
}
