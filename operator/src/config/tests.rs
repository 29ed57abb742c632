use clap::CommandFactory;
use proptest::prelude::*;

use super::*;

fn parse(arguments: &[&str]) -> Result<RunArgs, clap::Error> {
    let all = ["healthcare-operator", "run"].iter().chain(arguments);
    let Command::Run(args) = Cli::try_parse_from(all)?.command else {
        panic!("not the run subcommand");
    };
    Ok(*args)
}

fn terms(arguments: &[&str]) -> Result<(u64, u64, u64), String> {
    let lease = parse(arguments)
        .map_err(|e| e.to_string())?
        .lease("from-kubeconfig")
        .map_err(|e| e.to_string())?;
    Ok((
        lease.duration.as_secs(),
        lease.renew_deadline.as_secs(),
        lease.retry_period.as_secs(),
    ))
}

#[test]
fn clap_finds_nothing_wrong() {
    Cli::command().debug_assert();
}

#[test]
fn defaults() {
    let args = parse(&[]).unwrap();
    assert_eq!(args.watch_namespaces, Scope::All);
    assert_eq!(args.admin_address.to_string(), "0.0.0.0:8080");
    assert!(args.leader_elect);
    assert_eq!(
        (args.concurrency, args.lease_name.as_str()),
        (16, "healthcare-operator")
    );
    assert_eq!(terms(&[]), Ok((15, 10, 2)), "client-go's defaults");
    let defaults = args.defaults();
    let pair = |value: &str| BTreeMap::from([("kubernetes.io/metadata.name".to_owned(), value.to_owned())]);
    assert_eq!(defaults.otlp_endpoint, None);
    assert_eq!(defaults.monitoring_namespace_labels, pair("monitoring"));
    assert_eq!(defaults.ingress_namespace_labels, pair("ingress-nginx"));
    assert_eq!(defaults.monitor_labels, BTreeMap::new());
}

/// Deployments set these: a rename breaks them.
#[test]
fn variables() {
    let command = Cli::command();
    let run = command.find_subcommand("run").unwrap();
    let ours: Vec<_> = run
        .get_arguments()
        .filter_map(|flag| flag.get_env()?.to_str())
        .filter(|name| !name.starts_with("OTEL_"))
        .collect();
    insta::assert_snapshot!(ours.join("\n"), @r#"
    WATCH_NAMESPACES
    ADMIN_ADDRESS
    LEADER_ELECT
    LEASE_NAMESPACE
    POD_NAMESPACE
    LEASE_NAME
    LEASE_DURATION_SECONDS
    RENEW_DEADLINE_SECONDS
    RETRY_PERIOD_SECONDS
    POD_NAME
    CONCURRENCY
    SHARD
    DEFAULT_OTLP_ENDPOINT
    MONITORING_NAMESPACE_LABELS
    INGRESS_NAMESPACE_LABELS
    MONITOR_LABELS
    PROMETHEUS_URL
    PROMETHEUS_TOKEN_FILE
    PROMETHEUS_CA_FILE
    PROMETHEUS_TIMEOUT_MILLISECONDS
    LOG_LEVEL
    LOG_FORMAT
    LOG_FILE
    LOG_FILES_KEPT
    "#);
}

#[test]
fn prometheus_is_asked_when_it_is_named() {
    let settings = |arguments: &[&str]| parse(arguments).unwrap().prometheus();
    assert_eq!(settings(&[]), None);
    assert_eq!(settings(&["--prometheus-url="]), None);
    let url = "--prometheus-url=http://prometheus:9090/prefix";
    let bare = settings(&[url, "--prometheus-token-file=", "--prometheus-ca-file="]).unwrap();
    assert_eq!(
        (bare.token_file, bare.ca_file, bare.deadline),
        (None, None, Duration::from_secs(5))
    );
    let full = settings(&[
        url,
        "--prometheus-token-file=/var/run/token",
        "--prometheus-ca-file=/var/run/ca.crt",
        "--prometheus-timeout-milliseconds=250",
    ]);
    let expected = PrometheusSettings {
        url: "http://prometheus:9090/prefix".to_owned(),
        token_file: Some("/var/run/token".into()),
        ca_file: Some("/var/run/ca.crt".into()),
        deadline: Duration::from_millis(250),
    };
    assert_eq!(full, Some(expected));
    assert!(parse(&[url, "--prometheus-timeout-milliseconds=0"]).is_err());
}

#[test]
fn scopes() {
    let scope =
        |text| parse(&[&format!("--watch-namespaces={text}")]).map(|args| args.watch_namespaces.namespaces());
    let names = |list: &[&str]| {
        list.iter()
            .map(|name| Some((*name).to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(scope("").unwrap(), vec![None]);
    assert_eq!(scope(" , ").unwrap(), vec![None]);
    assert_eq!(scope("clinic, lab,").unwrap(), names(&["clinic", "lab"]));
    assert_eq!(
        scope("clinic,clinic").unwrap(),
        names(&["clinic"]),
        "one watch each"
    );
    for wrong in ["Clinic", "a_b", "-a", "a-", "a.b", &"a".repeat(64)] {
        let error = scope(wrong).unwrap_err().to_string();
        assert!(error.contains("is not a namespace"), "{wrong}: {error}");
    }
}

#[test]
fn leader_election_is_a_value() {
    assert!(!parse(&["--leader-elect", "false"]).unwrap().leader_elect);
    assert!(parse(&["--leader-elect=true"]).unwrap().leader_elect);
    assert!(parse(&["--leader-elect", "perhaps"]).is_err());
}

#[test]
fn terms_of_the_election() {
    assert_eq!(
        terms(&["--lease-duration-seconds", "30"]),
        Ok((30, 20, 4)),
        "in proportion"
    );
    let all = [
        "--lease-duration-seconds",
        "60",
        "--renew-deadline-seconds",
        "40",
        "--retry-period-seconds",
        "5",
    ];
    assert_eq!(terms(&all), Ok((60, 40, 5)));
    for wrong in [
        ["--renew-deadline-seconds", "15"],
        ["--renew-deadline-seconds", "2"],
        ["--retry-period-seconds", "10"],
        ["--retry-period-seconds", "0"],
    ] {
        let error = terms(&wrong).unwrap_err();
        assert!(error.contains("each must be shorter"), "{wrong:?}: {error}");
    }
    assert!(terms(&["--lease-duration-seconds", "2"]).is_err());
    assert!(terms(&["--lease-name", ""]).is_err());
}

#[test]
fn where_the_lease_is() {
    let namespace = |arguments: &[&str]| {
        parse(arguments)
            .unwrap()
            .lease("from-kubeconfig")
            .unwrap()
            .namespace
    };
    assert_eq!(namespace(&[]), "from-kubeconfig");
    assert_eq!(namespace(&["--pod-namespace", "pod"]), "pod");
    assert_eq!(
        namespace(&["--pod-namespace", "pod", "--lease-namespace", "chosen"]),
        "chosen"
    );
    assert_eq!(
        namespace(&["--pod-namespace", "pod", "--lease-namespace", ""]),
        "pod"
    );
}

#[test]
fn an_identity_is_never_empty_and_never_shared() {
    let identity = |arguments: &[&str]| parse(arguments).unwrap().lease("default").unwrap().identity;
    assert_eq!(identity(&["--identity", "operator-0"]), "operator-0");
    for arguments in [&[][..], &["--identity", ""], &["--identity", " "]] {
        let (one, other) = (identity(arguments), identity(arguments));
        assert!(!one.trim().is_empty());
        assert_ne!(one, other);
    }
}

#[test]
fn labels_of_namespaces() {
    let labels = |text| {
        parse(&["--monitoring-namespace-labels", text])
            .map(|args| args.defaults.monitoring_namespace_labels.0)
    };
    let expected = BTreeMap::from([
        ("a".to_owned(), "1".to_owned()),
        ("b/c".to_owned(), String::new()),
    ]);
    assert_eq!(labels("a=1, b/c=").unwrap(), expected);
    for wrong in [
        "a",
        "=1",
        "a=1,b",
        " = ",
        "a=b=c",
        "A/b/c=1",
        "a-=1",
        "a=1-",
        "UPPER/x=1",
        "a=ä",
        "a b=1",
    ] {
        assert!(
            labels(wrong).unwrap_err().to_string().contains("is not a label"),
            "{wrong}"
        );
    }
    for nothing in ["", ","] {
        let error = labels(nothing).unwrap_err().to_string();
        assert!(error.contains("every namespace"), "{error}");
    }
}

#[test]
fn an_empty_endpoint_is_none() {
    let endpoint = |text| {
        parse(&["--default-otlp-endpoint", text])
            .unwrap()
            .defaults()
            .otlp_endpoint
    };
    assert_eq!(endpoint(""), None);
    assert_eq!(endpoint("http://otel:4318").as_deref(), Some("http://otel:4318"));
}

#[test]
fn concurrency_has_bounds() {
    let concurrency = |text| parse(&["--concurrency", text]).map(|args| args.concurrency);
    assert_eq!(concurrency("1").unwrap(), 1);
    assert_eq!(concurrency("256").unwrap(), 256);
    assert!(concurrency("0").is_err());
    assert!(concurrency("257").is_err());
}

proptest! {
    /// Whatever terms are accepted, a leader gives up before a standby takes over.
    #[test]
    fn accepted_terms_are_safe(duration in 0_u64..400, deadline in prop::option::of(0_u64..400), period in prop::option::of(0_u64..400)) {
        let mut arguments = vec![format!("--lease-duration-seconds={duration}")];
        arguments.extend(deadline.map(|d| format!("--renew-deadline-seconds={d}")));
        arguments.extend(period.map(|p| format!("--retry-period-seconds={p}")));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        if let Ok(lease) = parse(&arguments).map(|args| args.lease("default").ok()) && let Some(lease) = lease {
            prop_assert!(lease.retry_period < lease.renew_deadline && lease.renew_deadline < lease.duration);
            prop_assert!(!lease.retry_period.is_zero());
        }
    }
}
