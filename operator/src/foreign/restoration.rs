use serde_json::{Value, json};

use super::{ALLOWED, EXCLUSIVE};

/// A JSON Patch (RFC 6902) that makes everything of a child that is ours alone what is wanted and nothing else, and does not
/// touch what others may set. It names the object, not its version: the status of a Deployment under repair moves all the
/// time. `None` when the object has no identity, which the API server never sends.
pub fn restoration(live: &Value, desired: &Value) -> Option<Value> {
    let uid = live.pointer("/metadata/uid")?;
    let mut patch = vec![json!({"op": "test", "path": "/metadata/uid", "value": uid})];
    for root in EXCLUSIVE {
        restore(&[root], live.get(root), desired.get(root), &mut patch);
    }
    Some(Value::Array(patch))
}

fn restore(path: &[&str], live: Option<&Value>, desired: Option<&Value>, operations: &mut Vec<Value>) {
    if ALLOWED.contains(&path) || live == desired {
        return;
    }
    let objects = (
        live.and_then(Value::as_object),
        desired.and_then(Value::as_object),
    );
    if let (true, (Some(live), wanted)) = (leads_to_allowed(path), objects) {
        let names = wanted.into_iter().flat_map(|wanted| wanted.keys());
        let mut names: Vec<&String> = live.keys().chain(names).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let below = [path, &[name.as_str()]].concat();
            let wanted = wanted.and_then(|wanted| wanted.get(name));
            restore(&below, live.get(name), wanted, operations);
        }
        return;
    }
    let steps = path.iter().map(|name| name.replace('~', "~0").replace('/', "~1"));
    let pointer: String = steps.flat_map(|step| ["/".to_owned(), step]).collect();
    match desired {
        Some(wanted) => operations.push(json!({"op": "add", "path": pointer, "value": wanted})),
        None => operations.push(json!({"op": "remove", "path": pointer})),
    }
}

fn leads_to_allowed(path: &[&str]) -> bool {
    ALLOWED.iter().any(|names| names.starts_with(path))
}
