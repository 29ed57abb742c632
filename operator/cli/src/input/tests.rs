use proptest::prelude::*;

use super::*;

const ONE: &str = "apiVersion: gitops-health.io/v1alpha1\nkind: HealthcareService\nmetadata: {name: one}\nspec: {image: 'r/a:1'}\n";

fn from_stdin(bytes: &[u8]) -> Input {
    read(&["-".into()], &mut &bytes[..]).unwrap()
}

fn names(input: &Input) -> Vec<&str> {
    let manifests = input.manifests.iter();
    manifests
        .map(|m| m.object["metadata"]["name"].as_str().unwrap())
        .collect()
}

fn complaints(bytes: &[u8]) -> Vec<String> {
    from_stdin(bytes)
        .unreadable
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn documents_are_numbered_and_others_passed_over() {
    let other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    let text = format!(
        "# made by kustomize\n---\n{other}---\n\n--- # two\n{ONE}---\n---\n{}",
        ONE.replace("one", "two")
    );
    let input = from_stdin(text.as_bytes());
    assert_eq!((names(&input), input.others), (vec!["one", "two"], 1));
    let places: Vec<_> = input
        .manifests
        .iter()
        .map(|m| (m.origin.to_string(), m.origin.line))
        .collect();
    assert_eq!(
        places,
        [("<stdin>:2".to_owned(), 8), ("<stdin>:3".to_owned(), 14)]
    );
}

#[test]
fn json_and_lists_are_read() {
    let item = |name: &str| {
        format!(
            r#"{{"apiVersion":"gitops-health.io/v1alpha1","kind":"HealthcareService","metadata":{{"name":"{name}"}}}}"#
        )
    };
    let pod = r#"{"apiVersion":"v1","kind":"Pod"}"#;
    let list = format!(
        r#"{{"apiVersion":"v1","kind":"List","items":[{pod},{},{}]}}"#,
        item("a"),
        item("b")
    );
    let input = from_stdin(list.as_bytes());
    assert_eq!((names(&input), input.others), (vec!["a", "b"], 1));
    assert_eq!(input.manifests[1].origin.to_string(), "<stdin>:1[3]");

    let own = list.replace(
        "\"v1\",\"kind\":\"List\"",
        "\"gitops-health.io/v1alpha1\",\"kind\":\"HealthcareServiceList\"",
    );
    assert_eq!(names(&from_stdin(own.as_bytes())), ["a", "b"]);
    let stream = format!("{}\n{}", item("a"), item("b"));
    assert_eq!(names(&from_stdin(stream.as_bytes())), ["a", "b"]);
    let yaml = format!("apiVersion: v1\nkind: List\nitems:\n- {}\n", item("a"));
    assert_eq!(names(&from_stdin(yaml.as_bytes())), ["a"]);
}

#[test]
fn a_broken_document_hides_no_other() {
    let text = format!(
        "{ONE}---\nkind: [\n---\na: 1\na: 2\n---\n{}",
        ONE.replace("one", "two")
    );
    let input = from_stdin(text.as_bytes());
    assert_eq!(names(&input), ["one", "two"]);
    insta::assert_snapshot!(complaints(text.as_bytes()).join("\n"));
}

#[test]
fn errors_say_where_what_and_what_to_do() {
    let manifest = |api: &str| format!("apiVersion: {api}\nkind: HealthcareService\n");
    let cases = [
        manifest("gitops-health.io/v1"),
        "apiVersion: gitops-health.io/v1alpha1\nmetadata: {name: x}\n".to_owned(),
        "a: .nan\n".to_owned(),
        "a: !secret x\n".to_owned(),
        "? [a]\n: 1\n".to_owned(),
        "{\"a\":1,\"a\":2}".to_owned(),
        "{\"a\":".to_owned(),
        format!("a: {}{}", "[".repeat(80), "]".repeat(80)),
        format!("{{\"a\": {}{}}}", "[".repeat(200), "]".repeat(200)),
        "\tkind: x".to_owned(),
        "a: *nothing".to_owned(),
    ];
    let said: Vec<_> = cases
        .iter()
        .flat_map(|text| complaints(text.as_bytes()))
        .collect();
    assert_eq!(said.len(), cases.len(), "{said:#?}");
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn bytes_that_are_no_text_are_refused_and_a_mark_is_not() {
    assert_eq!(
        complaints(b"kind: \xff"),
        ["<stdin>:1: not UTF-8 at byte 6: save the file as UTF-8 text"]
    );
    assert_eq!(names(&from_stdin(format!("\u{feff}{ONE}").as_bytes())), ["one"]);
    assert_eq!(names(&from_stdin(ONE.replace('\n', "\r\n").as_bytes())), ["one"]);
    assert_eq!(
        names(&from_stdin(format!("%YAML 1.2\n---\n{ONE}...\n").as_bytes())),
        ["one"]
    );
}

#[test]
fn aliases_and_merges_work_but_do_not_explode() {
    let merged =
        format!("{ONE}  <<: {{port: 1}}\n").replace("spec: {image: 'r/a:1'}\n", "spec:\n  image: 'r/a:1'\n");
    assert_eq!(
        from_stdin(merged.as_bytes()).manifests[0].object["spec"]["port"],
        1
    );
    let level = |n: usize| format!("a{n}: &a{n} [{}]", [format!("*a{}", n - 1).as_str(); 9].join(","));
    let levels: Vec<_> = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x,x]".to_owned())
        .chain((1..12).map(level))
        .collect();
    let bomb = levels.join("\n");
    let said = complaints(bomb.as_bytes());
    assert!(said[0].contains("repetition limit"), "{said:?}");
}

/// kubectl would send a boolean, and the API server refuse it.
#[test]
fn words_that_are_booleans_elsewhere_are_told() {
    let with = |more: &str| {
        let text = ONE.replace("'r/a:1'}", &format!("'r/a:1', {more}}}"));
        complaints(text.as_bytes()).join("\n")
    };
    assert_eq!(
        with("config: {A: x, B: on}"),
        "<stdin>:1: spec.config.B: on without quotes is true to kubectl (YAML 1.1): write true, or quote it"
    );
    assert!(with("env: [{name: A, value: No}]").contains("spec.env[0].value: No without quotes is false"));
    for fine in [
        "config: {A: 'on', B: \"no\", 'on': x, C: once, D: 'it is on'}",
        "paused: false",
    ] {
        assert_eq!(with(fine), "");
    }
    assert!(
        with("config: {Y: x}").contains("spec.config.Y: Y without quotes is true"),
        "a key too"
    );
    let block = ONE.replace(
        "spec: {image: 'r/a:1'}",
        "spec:\n  image: r/a:1\n  config:\n    A: |-\n      yes\n    B: 'n'\n    C: y",
    );
    assert_eq!(complaints(block.as_bytes()).len(), 1);
    assert!(complaints(block.as_bytes())[0].contains("spec.config.C: y "));
    assert_eq!(
        complaints(b"on: {push: yes}\nkind: Workflow\n"),
        Vec::<String>::new(),
        "others are passed over"
    );
}

#[test]
fn directories_are_read_recursively_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let put = |path: &str, text: &str| {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    put("b/two.yml", &ONE.replace("one", "two"));
    put("a.YAML", ONE);
    put("notes.txt", "not YAML: [");
    put(".git/three.yaml", &ONE.replace("one", "three"));
    put("c.json", r#"{"apiVersion":"v1","kind":"Pod"}"#);
    std::os::unix::fs::symlink(folder.path().join("b"), folder.path().join("d")).unwrap();
    let input = read(&[folder.path().to_owned()], &mut std::io::empty()).unwrap();
    assert_eq!((names(&input), input.others), (vec!["one", "two", "two"], 1));
    let file = read(&[folder.path().join("notes.txt")], &mut std::io::empty()).unwrap();
    assert_eq!(file.unreadable.len(), 1, "a file that is named is read");

    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    let error = read(&[folder.path().to_owned()], &mut std::io::empty())
        .unwrap_err()
        .to_string();
    assert!(error.contains("loop"), "{error}");
}

#[test]
fn nothing_to_read_is_an_error() {
    let error = |sources: &[PathBuf]| read(sources, &mut std::io::empty()).unwrap_err().to_string();
    assert!(error(&[]).contains("name files or directories"));
    assert!(error(&["/no/such/file".into()]).starts_with("/no/such/file: cannot be read: No such file"));
    let empty = from_stdin(b"# nothing\n---\n").whole().unwrap_err();
    assert!(matches!(empty, InputError::Nothing { others: 0 }), "{empty}");
    let large = read(&["-".into()], &mut std::io::repeat(b' ')).unwrap_err();
    assert!(matches!(large, InputError::TooLarge { .. }), "{large}");
}

proptest! {
    /// Whatever is read, something can be said about it.
    #[test]
    fn garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let input = from_stdin(&bytes);
        prop_assert!(input.manifests.is_empty());
    }

    #[test]
    fn text_never_panics(text in r"([-a{}\[\]:&*! %'|>\n#\t]|---\n|: |- ){0,60}") {
        from_stdin(text.as_bytes());
    }

    /// Splitting loses and invents no document.
    #[test]
    fn as_many_documents_as_there_are(numbers in proptest::collection::vec(0..1000u32, 0..20)) {
        let texts: Vec<_> = numbers.iter().map(|n| ONE.replace("one", &format!("s{n}"))).collect();
        let text = texts.join("---\n");
        let input = from_stdin(text.as_bytes());
        let wanted: Vec<_> = numbers.iter().map(|n| format!("s{n}")).collect();
        prop_assert_eq!(names(&input), wanted);
    }
}
