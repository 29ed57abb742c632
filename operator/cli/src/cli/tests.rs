use clap::Parser;

use super::*;

#[test]
fn the_definition_is_sound() {
    definition("gitops-health").debug_assert();
    definition("kubectl healthcare").debug_assert();
}

#[test]
fn capabilities_come_from_api_versions() {
    let capabilities = |text: &str| {
        let cli = Cli::try_parse_from(["gitops-health", "render", "x", "--api-versions", text])?;
        let Command::Render(args) = cli.command else {
            panic!()
        };
        let found = args.surroundings.surroundings(&args.namespace).capabilities;
        Ok::<_, clap::Error>((found.service_monitor, found.prometheus_rule, found.http_route))
    };
    assert_eq!(
        capabilities("monitoring.coreos.com/v1").unwrap(),
        (true, true, false)
    );
    assert_eq!(
        capabilities("apps/v1,gateway.networking.k8s.io/v1").unwrap(),
        (false, false, true)
    );
    assert_eq!(
        capabilities("v1,monitoring.coreos.com/v1/PrometheusRule").unwrap(),
        (false, true, false)
    );
    assert_eq!(
        capabilities("monitoring.coreos.com/v1beta1").unwrap(),
        (false, false, false)
    );
    assert!(capabilities("a//b").is_err() && capabilities("a/b/c/d").is_err());
}
