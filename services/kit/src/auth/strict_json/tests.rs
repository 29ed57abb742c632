use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Fault, object};

#[test]
fn a_name_twice_is_refused_at_any_depth_and_however_it_is_written() {
    let twice = [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"b":{"a":1,"a":2}}"#,
        r#"{"b":[{"a":1,"a":2}]}"#,
    ];
    for text in twice {
        assert_eq!(object(text.as_bytes()), Err(Fault::Duplicate), "{text}");
    }
}

#[test]
fn only_one_whole_object_is_read() {
    for text in [
        "",
        "[]",
        "1",
        "{}{}",
        r#"{"a":}"#,
        "{\"a\":\"\u{0}\"}",
        r#"{"a":1"#,
        r#"{"a":1}x"#,
    ] {
        assert_eq!(object(text.as_bytes()), Err(Fault::Malformed), "{text}");
    }
    let too_deep = format!("{}1{}", "{\"a\":".repeat(4000), "}".repeat(4000));
    assert_eq!(object(too_deep.as_bytes()), Err(Fault::Malformed));
    assert_eq!(object(b"{\"a\":\"\xff\"}"), Err(Fault::Malformed));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever serde_json writes is read back as it was.
    #[test]
    fn reads_what_serde_json_writes(inner in value()) {
        let whole = json!({ "inner": inner });
        let text = whole.to_string();
        prop_assert_eq!(object(text.as_bytes()).map(Value::Object), Ok(whole));
    }
}
