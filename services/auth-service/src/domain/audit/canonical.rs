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

/// Bytes that most records take.
const TYPICAL: usize = 512;

impl AuditRecord {
    /// The record as text.
    pub fn canonical(&self) -> Result<String, CanonicalError> {
        let value = serde_json::to_value(self).map_err(|_| CanonicalError::Unreadable)?;
        text_of(&value).ok_or(CanonicalError::Unreadable)
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

fn text_of(value: &Value) -> Option<String> {
    let mut text = Vec::with_capacity(TYPICAL);
    write(value, &mut text).ok()?;
    String::from_utf8(text).ok()
}

fn write(value: &Value, text: &mut Vec<u8>) -> serde_json::Result<()> {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            write_all(*b"{}", members, text, |(name, value), text| {
                serde_json::to_writer(&mut *text, name)?;
                text.push(b':');
                write(value, text)
            })
        }
        Value::Array(values) => write_all(*b"[]", values, text, write),
        // The library writes these as RFC 8785, section 3.2.2, does.
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_json::to_writer(text, value)
        }
    }
}

fn write_all<T>(
    [open, close]: [u8; 2],
    elements: impl IntoIterator<Item = T>,
    text: &mut Vec<u8>,
    write: impl Fn(T, &mut Vec<u8>) -> serde_json::Result<()>,
) -> serde_json::Result<()> {
    text.push(open);
    for (at, element) in elements.into_iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        write(element, text)?;
    }
    text.push(close);
    Ok(())
}

#[cfg(test)]
mod tests;
