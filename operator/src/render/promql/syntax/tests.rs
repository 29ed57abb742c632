use std::thread;

use proptest::prelude::*;

use super::check;

/// What an operator's worker thread has.
const STACK: usize = 2 << 20;

#[test]
fn accepts_promql() {
    for expression in [
        "up == 0",
        "1",
        r#"sum by (a) (rate(x_total{code=~"5..",path!="/"}[5m])) / 2 > 0.5 # why"#,
        "sum by (a) (rate(x_total{path=~`/a\\.b\"c`}[5m]))",
        "max_over_time(rate(x_total[5m])[1h:1m])",
    ] {
        assert_eq!(check(expression), Ok(()), "{expression}");
    }
}

#[test]
fn operators_in_strings_and_comments_do_not_count() {
    let long = "(+".repeat(500);
    for quote in ["\"", "'", "`"] {
        assert_eq!(check(&format!("x{{a={quote}{long}{quote}}} # {long}")), Ok(()));
    }
    assert_eq!(
        check(&format!("x{}", " or x".repeat(257))),
        Err("the expression has more than 256 operators and brackets".to_owned())
    );
}

#[test]
fn names_the_problem() {
    let problem = |expression: &str| check(expression).expect_err(expression);
    insta::assert_snapshot!(
        [
            "sum(rate(x[5m])",
            "up ==",
            "rate(x)",
            "nosuch(x)",
            r#"x{job="a}"#,
            r#"{job=~".*"}"#,
            "x[5m]",
            r#""text""#,
            "",
            r#"x{a="1" or b="2"}"#,
            "sort_by_label(x, \"a\")",
            "limitk(3, x)",
            "a + fill(0) b",
            r#"x{a=~"("}"#,
            "rate(x[1e40])",
        ]
        .map(|expression| format!("{expression} => {}", problem(expression)))
        .join("\n")
    );
}

/// The CRD allows 4096 characters; none of them may overflow the stack or take long.
#[test]
fn survives_the_worst_of_4096_characters() {
    let worst = [
        "(".repeat(4096),
        format!("{}1{}", "(".repeat(2047), ")".repeat(2047)),
        format!("{}x", "-".repeat(4095)),
        format!("{}x", "+ -".repeat(1365)),
        format!("x{}", "+x".repeat(2047)),
        format!("x{}", "^x".repeat(2047)),
        format!("x{}", " or x".repeat(819)),
        format!("x{}", "+x".repeat(256)),
        format!("{}x", "-".repeat(256)),
        format!("{}x{}", "(".repeat(256), ")".repeat(256)),
        format!("{}x{}", "abs(".repeat(256), ")".repeat(256)),
        format!("x{}", "[1m:]".repeat(256)),
        format!("x{}", "^x".repeat(256)),
        format!("x{}", " or x".repeat(256)),
        format!("x{}", "\nor\nx".repeat(256)),
        format!("{}x{}", "abs(".repeat(800), ")".repeat(800)),
        format!("x{}", "[1m:]".repeat(800)),
        format!("x{}", " offset 1m".repeat(400)),
        format!("x{{{}}}", r#"a="","#.repeat(700)),
        format!("x{{a=~\"{}\"}}", "(a*)*".repeat(800)),
        format!("x{{a=~\"{}\"}}", "a{999}".repeat(600)),
        "\u{1F600}".repeat(1024),
    ];
    let check_all = move || worst.iter().for_each(|expression| drop(check(expression)));
    thread::Builder::new()
        .stack_size(STACK)
        .spawn(check_all)
        .unwrap()
        .join()
        .unwrap();
}

proptest! {
    #[test]
    fn never_panics(expression in "\\PC{0,80}") {
        let _ = check(&expression);
    }

    #[test]
    fn never_panics_on_near_promql(
        words in proptest::collection::vec(
            prop::sample::select(vec![
                "x", "{", "}", "(", ")", "[", "]", "5m", "1e99", "-", "+", "or", "by", "sum", "rate", "offset", "@",
                "a=\"b\"", "`", "\"", "'", "\\", "#", "\n", ",", ":", "0x", "9999999y", "bool", "on", "end()", "Inf",
            ]),
            0..40,
        ),
        joint in prop::sample::select(vec!["", " "]),
    ) {
        let _ = check(&words.join(joint));
    }
}
