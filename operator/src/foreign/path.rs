use std::fmt;

use serde_json::{Map, Value};

/// One step of a path, as `managedFields` writes it (structured-merge-diff, "fieldpath").
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Element {
    /// `f:name`: a field of an object.
    Field(String),
    /// `k:{…}`: the item of a list that has these keys.
    Key(Map<String, Value>),
    /// `v:…`: the item of a set that equals this.
    Item(Value),
}

impl Element {
    /// Reads one; `None` for what belongs to no path: the mark of the node itself, and positions in a list, which the API
    /// server writes for no type of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(rest.to_owned())),
            "k" => serde_json::from_str(rest).ok().map(Self::Key),
            "v" => serde_json::from_str(rest).ok().map(Self::Item),
            _ => None,
        }
    }

    /// What it leads to from here. A key that an item leaves out has its default, whatever that is.
    pub(crate) fn step<'a>(&self, node: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Field(name) => node.get(name),
            Self::Key(keys) => node.as_array()?.iter().find(|item| {
                keys.iter()
                    .all(|(name, value)| item.get(name).is_none_or(|own| own == value))
            }),
            Self::Item(value) => node.as_array()?.iter().find(|item| *item == value),
        }
    }
}

/// Steps from the root of an object to something in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(Vec<Element>);

impl Path {
    /// One step further.
    #[must_use]
    pub fn child(&self, element: Element) -> Self {
        Self(self.0.iter().cloned().chain([element]).collect())
    }

    /// The last step.
    pub fn last(&self) -> Option<&Element> {
        self.0.last()
    }

    /// Whether it leads to something in an object.
    pub fn leads_into(&self, object: &Value) -> bool {
        self.0
            .iter()
            .try_fold(object, |node, element| element.step(node))
            .is_some()
    }

    /// Whether it goes through just these fields.
    pub fn is(&self, names: &[&str]) -> bool {
        let same =
            |(element, name): (&Element, &&str)| matches!(element, Element::Field(field) if field == *name);
        self.0.len() == names.len() && self.0.iter().zip(names).all(same)
    }
}

/// As people write it: `spec.template.spec.containers[name=sidecar]`.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, element) in self.0.iter().enumerate() {
            match element {
                Element::Field(name) if index == 0 => f.write_str(name)?,
                Element::Field(name) => write!(f, ".{name}")?,
                Element::Key(keys) => {
                    let keys: Vec<_> = keys
                        .iter()
                        .map(|(name, value)| format!("{name}={}", plain(value)))
                        .collect();
                    write!(f, "[{}]", keys.join(","))?;
                }
                Element::Item(value) => write!(f, "[{}]", plain(value))?,
            }
        }
        Ok(())
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
