use super::*;

fn asked(uri: &str) -> String {
    let request = Request::get(uri).body(()).unwrap();
    most_recent(request).uri().to_string()
}

#[test]
fn a_stream_begins_with_what_there_is_now() {
    let uri = "/api/v1/services?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=0";
    let wanted = "/api/v1/services?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
    assert_eq!(asked(uri), wanted);
    assert_eq!(
        asked(&format!("https://example.org:6443{uri}")),
        format!("https://example.org:6443{wanted}")
    );
}

#[test]
fn a_watch_goes_on_where_it_was() {
    for uri in [
        "/api/v1/services?watch=true&resourceVersion=0",
        "/api/v1/services?watch=true&sendInitialEvents=true&resourceVersion=07",
        "/api/v1/services/one",
    ] {
        assert_eq!(asked(uri), uri);
    }
}
