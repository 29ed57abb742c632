use super::*;

#[test]
fn a_new_registry_tells_the_build_and_the_process() {
    let registry = registry(&BuildInfo {
        service: "demo",
        version: "1.2.3",
    })
    .unwrap();
    let text = String::from_utf8(encode(&registry).unwrap()).unwrap();
    assert!(
        text.contains("build_info{service=\"demo\",version=\"1.2.3\"} 1"),
        "{text}"
    );
    assert!(text.contains("process_resident_memory_bytes"), "{text}");
}
