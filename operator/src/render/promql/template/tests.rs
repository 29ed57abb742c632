use super::check;

#[test]
fn accepts_values_and_labels_through_known_functions() {
    for text in [
        "",
        "plain } text { with single braces and a stray }}",
        "{{ $value }}",
        "{{$labels.pod}} waits {{ $value | humanizeDuration }}, {{ humanize $value }}",
    ] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
}

#[test]
fn refuses_what_prometheus_may_refuse() {
    for text in [
        "{{",
        "{{ $value",
        "{{}}",
        "{{ $labels }}",
        "{{ $labels.a-b }}",
        "{{ $labels.1 }}",
        "{{ .Value }}",
        "{{ $value | nosuch }}",
        "{{ range query \"up\" }}x{{ end }}",
        "{{ {{ $value }}",
        "fine {{ $value }} then {{ broken",
    ] {
        assert!(check(text).is_err(), "{text}");
    }
}

#[test]
fn the_problem_names_the_template() {
    assert_eq!(
        check("a {{ nosuch }} b"),
        Err("'{{ nosuch }}' is not a template that is understood here".to_owned())
    );
}
