//! Records as text: JSON in the one form of RFC 8785 (names sorted, no spaces), so that the same record is always the same
//! bytes. There are no numbers with fractions in it.

use serde_json::Value;

use super::AuditRecord;

/// Text that is no record in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// No record at all.
    #[error("not an audit record")]
    Unreadable,
    /// A record, but written in another way.
    #[error("not the canonical form of the audit record that it is (RFC 8785)")]
    NotCanonical,
}

impl AuditRecord {
    /// The record as text.
    pub fn canonical(&self) -> Result<String, CanonicalError> {
        let value = serde_json::to_value(self).map_err(|_| CanonicalError::Unreadable)?;
        let mut text = String::new();
        write(&value, &mut text);
        Ok(text)
    }

    /// The record of a text.
    pub fn from_canonical(text: &str) -> Result<Self, CanonicalError> {
        let record: Self = serde_json::from_str(text).map_err(|_| CanonicalError::Unreadable)?;
        if record.canonical()? == text {
            Ok(record)
        } else {
            Err(CanonicalError::NotCanonical)
        }
    }
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            write_all('{', members, '}', text, |(name, value), text| {
                write(&Value::from(name.as_str()), text);
                text.push(':');
                write(value, text);
            });
        }
        Value::Array(values) => write_all('[', values, ']', text, write),
        // The library writes these as RFC 8785, section 3.2.2, does.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

fn write_all<T>(
    open: char,
    elements: impl IntoIterator<Item = T>,
    close: char,
    text: &mut String,
    write: impl Fn(T, &mut String),
) {
    text.push(open);
    for (at, element) in elements.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write(element, text);
    }
    text.push(close);
}

#[cfg(test)]
mod tests;
