use http::HeaderValue;
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[expect(dead_code, reason = "only its reading is tested")]
    count: u8,
}

#[test]
fn media_types() {
    let table = [
        ("application/json", true),
        ("Application/JSON; charset=utf-8", true),
        ("application/fhir+json", true),
        ("text/json", false),
        ("application/jsonp", false),
        ("", false),
    ];
    for (media_type, json) in table {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(media_type))]);
        assert_eq!(is_json(&headers), json, "{media_type}");
    }
    assert!(!is_json(&HeaderMap::new()));
}

proptest! {
    /// Whatever a caller sends, as a value, as a key or as no JSON at all, the refusal does not repeat it.
    #[test]
    fn refusals_repeat_nothing(text in "[A-Z][a-zA-Z0-9-]{9,40}") {
        let bodies = [
            serde_json::json!({ "count": text }).to_string(),
            serde_json::json!({ &text: 1 }).to_string(),
            serde_json::json!(text).to_string(),
            text.clone(),
        ];
        for body in bodies {
            let problem = malformed(&serde_json::from_str::<Wanted>(&body).unwrap_err());
            prop_assert!(!problem.detail.contains(&text), "{}", problem.detail);
        }
    }
}
