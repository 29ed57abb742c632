use crate::routing::get;

use super::INFO;
use crate::auth::test_support::{Signers, noon};
use crate::auth::{Policy, Rules};
use crate::testing::TestServer;
use crate::{Clock, Routes, Service};

async fn start(policy: Policy, rules: Option<&str>) -> Result<TestServer, String> {
    let signers = Signers::new();
    let auth = rules.map(|rules| {
        let mut auth = signers.auth(&Clock::fixed(noon()));
        auth.rules = Rules::from_yaml(rules).unwrap();
        auth
    });
    let service = Service {
        routes: Routes::new().protected("/records", policy, get(|| async {})),
        auth,
        ..Service::default()
    };
    let started = TestServer::start(&INFO, Clock::fixed(noon()), |_| Ok(service)).await;
    started.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_protected_route_without_auth_does_not_start() {
    let refused = start(Policy::deny(), None).await.unwrap_err();
    assert!(refused.contains("Service::auth"), "{refused}");
}

#[tokio::test]
async fn an_action_that_the_policy_file_does_not_name_does_not_start() {
    let rules = "{roles: [], scopes: [], actions: {read: authenticated}}";
    let policy = Policy::any([Policy::authenticated(), Policy::action("raed")]);
    let refused = start(policy, Some(rules)).await.unwrap_err();
    assert!(refused.contains("\"raed\""), "{refused}");
    assert!(start(Policy::action("read"), Some(rules)).await.is_ok());
}
