//! Which pods belong to a version, by their names: the only trace of it that every series has.

use crate::render::promql::quote;

/// What a name may be long, before the random part that the API server adds (`k8s.io/apiserver/pkg/storage/names`).
const GENERATED_FROM: usize = 58;

/// The letters of hashes and random parts (`k8s.io/apimachinery/pkg/util/rand`): no vowels, so that `candidate` is none.
const SAFE: &str = "[bcdfghjklmnpqrstvwxz2456789]";

/// A version's pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pods<'a> {
    /// Those of a ReplicaSet, `<deployment>-<hash>`: one version exactly.
    ReplicaSet(&'a str),
    /// Those of a Deployment, whatever their version.
    Deployment(&'a str),
}

impl Pods<'_> {
    /// The matcher of their series. Prometheus anchors regular expressions at both ends.
    pub fn matcher(&self) -> String {
        format!("pod=~{}", quote(&self.pattern()))
    }

    /// `<prefix><five random letters>`, where the API server cuts the prefix to what is left of a name's 63 letters.
    fn pattern(&self) -> String {
        match self {
            Self::ReplicaSet(name) => format!("{}{SAFE}{{5}}", escape(cut(&format!("{name}-")))),
            Self::Deployment(name) => {
                let whole = format!("{name}-");
                let prefix = cut(&whole);
                let hash = hash(GENERATED_FROM.saturating_sub(prefix.len()));
                format!("{}{hash}{SAFE}{{5}}", escape(prefix))
            }
        }
    }
}

/// A hash and its dash in so much room: a hash is up to ten letters long.
fn hash(room: usize) -> String {
    match room {
        0 => String::new(),
        room @ 1..=10 => format!("({SAFE}{{{room}}}|{SAFE}{{1,{}}}-)", room.max(2) - 1),
        _ => format!("{SAFE}{{1,10}}-"),
    }
}

fn cut(name: &str) -> &str {
    name.get(..GENERATED_FROM).unwrap_or(name)
}

/// A text that stands for itself in RE2.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests;
