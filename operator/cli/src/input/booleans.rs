//! Words that are booleans in YAML 1.1, by which kubectl, Argo CD and Flux read, and text in YAML 1.2, by which this program
//! reads: `LEVEL: on` would pass here and be refused by the API server. Pure.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// <https://yaml.org/type/bool.html>, without those that YAML 1.2 has too.
const WORDS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF",
];

/// The first such word that stands without quotes: its path, and the word.
pub(super) fn first(text: &str) -> Option<(String, String)> {
    let mut found = None;
    let look = Look {
        text,
        path: String::new(),
        found: &mut found,
    };
    // What is not YAML is told elsewhere.
    look.deserialize(serde_yaml::Deserializer::from_str(text)).ok()?;
    found
}

/// A key, as it stands in the document where it does.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// A place that is looked at.
struct Look<'a> {
    text: &'a str,
    path: String,
    found: &'a mut Option<(String, String)>,
}

impl Look<'_> {
    fn below(&mut self, path: String) -> Look<'_> {
        Look {
            text: self.text,
            path,
            found: self.found,
        }
    }

    /// Whether a text, which lies within the document, stands there without quotes.
    fn is_plain(&self, scalar: &str) -> bool {
        let offset = (scalar.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize);
        let before = offset.and_then(|offset| self.text.as_bytes().get(offset.checked_sub(1)?));
        before.is_none_or(|byte| !b"'\"".contains(byte))
    }
}

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E>(self, scalar: &'de str) -> Result<(), E> {
        if WORDS.contains(&scalar) && self.is_plain(scalar) {
            self.found.get_or_insert((self.path, scalar.to_owned()));
        }
        Ok(())
    }

    /// Text that is not as it stands in the document: a block, or one with escapes.
    fn visit_str<E>(self, _scalar: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _value: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _value: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _value: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        for position in 0.. {
            let path = format!("{}[{position}]", self.path);
            if items.next_element_seed(self.below(path))?.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = fields.next_key::<Key<'de>>()? {
            let path = match self.path.as_str() {
                "" => key.clone().into_owned(),
                path => format!("{path}.{key}"),
            };
            if let Cow::Borrowed(key) = key {
                self.below(path.clone()).visit_borrowed_str::<A::Error>(key)?;
            }
            fields.next_value_seed(self.below(path))?;
        }
        Ok(())
    }
}
