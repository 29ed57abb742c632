//! Every path that README.md and ARCHITECTURE.md name exists.

use std::collections::BTreeSet;

use regex::Regex;

use crate::tools::root;

/// Paths in backticks that look like files or folders of this checkout, and targets of links.
fn named(text: &str) -> BTreeSet<String> {
    let folders = "crds|operator|services|charts|examples|tests";
    let quoted = Regex::new(&format!(r"`((?:{folders})/[\w./-]+)`")).unwrap();
    let linked = Regex::new(r"\]\(([^)#:]+)\)").unwrap();
    let all = quoted.captures_iter(text).chain(linked.captures_iter(text));
    all.map(|found| found[1].to_owned())
        .filter(|path| !path.contains('<'))
        .collect()
}

#[test]
fn every_path_that_is_named_exists() {
    for document in ["README.md", "ARCHITECTURE.md"] {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let paths = named(&text);
        assert!(document != "README.md" || paths.len() > 15, "{paths:?}");
        let missing: Vec<_> = paths.iter().filter(|path| !root().join(path).exists()).collect();
        assert!(
            missing.is_empty(),
            "{document} names what is not there: {missing:?}"
        );
    }
}

#[test]
fn commands_of_the_readme_are_targets_of_the_makefile() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let makefile = std::fs::read_to_string(root().join("Makefile")).unwrap();
    let commands = Regex::new(r"`make ([a-z-]+)").unwrap();
    for command in commands.captures_iter(&readme) {
        assert!(
            makefile.contains(&format!("\n{}:", &command[1])),
            "no target {}",
            &command[1]
        );
    }
}
