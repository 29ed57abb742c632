use super::*;

#[tokio::test]
async fn a_client_is_found_as_it_was_created() {
    let scene = Scene::new().await;
    let jwks = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    let credentials = [
        Credential::Public,
        Credential::Secret {
            digests: vec![vec![7; 32]],
        },
        Credential::PrivateKeyJwt { jwks },
    ];
    for (credential, id) in credentials.into_iter().zip(["a", "b", "c"]) {
        let mut client = client(id);
        client.grants = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        client.credential = credential;
        let created = scene.store.clients.create(&client, noon()).await.unwrap();
        assert_eq!(
            (&created.value, created.version, created.changed_at),
            (&client, 1, noon())
        );
        assert_eq!(
            scene.store.clients.find(id).await.unwrap(),
            Some(Arc::new(created))
        );
    }
    for id in ["d", "", "a\0", "A", "a "] {
        assert_eq!(scene.store.clients.find(id).await.unwrap(), None, "{id:?}");
    }
    let again = scene.store.clients.create(&client("a"), noon()).await;
    assert_eq!(again, Err(ChangeError::Exists));
}

#[tokio::test]
async fn a_replacement_needs_the_version_that_was_read() {
    let scene = Scene::new().await;
    let mut client = scene.client("app").await;
    client.name = "Other".to_owned();
    client.scopes.clear();
    let replaced = scene.store.clients.replace(&client, 1, after(1)).await.unwrap();
    assert_eq!(
        (&replaced.value, replaced.version, replaced.changed_at),
        (&client, 2, after(1))
    );
    assert_eq!(
        scene.store.clients.replace(&client, 1, after(2)).await,
        Err(ChangeError::Changed)
    );
    assert_eq!(
        scene.store.clients.find("app").await.unwrap(),
        Some(Arc::new(replaced))
    );
    client.id = "nobody".to_owned();
    assert_eq!(
        scene.store.clients.replace(&client, 1, after(2)).await,
        Err(ChangeError::Missing)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_replacements_at_the_same_time_one_counts() {
    let scene = Scene::new().await;
    let client = scene.client("app").await;
    let replacements = (0..20).map(|number| {
        let (store, mut client) = (scene.store.clone(), client.clone());
        client.name = format!("Name {number}");
        tokio::spawn(async move { store.clients.replace(&client, 1, noon()).await })
    });
    let results = futures::future::join_all(replacements).await;
    let (done, refused): (Vec<_>, Vec<_>) = results.into_iter().map(Result::unwrap).partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 19));
    assert!(
        refused
            .into_iter()
            .all(|result| result == Err(ChangeError::Changed))
    );
    let kept = scene.store.clients.find("app").await.unwrap();
    assert_eq!(kept, done.into_iter().next().map(Result::unwrap).map(Arc::new));
}

#[tokio::test]
async fn a_client_is_disabled() {
    let scene = Scene::new().await;
    let client = scene.client("app").await;
    let disabled = scene.store.clients.disable("app", after(1)).await.unwrap();
    assert_eq!((disabled.value.is_enabled, disabled.version), (false, 2));
    // Whoever read it before does not undo that.
    assert_eq!(
        scene.store.clients.replace(&client, 1, after(2)).await,
        Err(ChangeError::Changed)
    );
    for id in ["nobody", "app\0"] {
        assert_eq!(
            scene.store.clients.disable(id, noon()).await,
            Err(ChangeError::Missing)
        );
    }
}

#[tokio::test]
async fn pages_follow_one_another_in_the_order_of_bytes() {
    let scene = Scene::new().await;
    for id in ["b", "B", "a", "~", "a b"] {
        scene.client(id).await;
    }
    let list = async |after: Option<&str>, limit| {
        let page = scene.store.clients.list(after, limit).await.unwrap();
        page.into_iter().map(|stored| stored.value.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None, 2).await, ["B", "a"]);
    assert_eq!(list(Some("a"), 2).await, ["a b", "b"]);
    assert_eq!(list(Some("b"), 1000).await, ["~"]);
    assert_eq!(list(Some("~"), 2).await, Vec::<String>::new());
    assert_eq!(
        list(None, 0).await.len(),
        1,
        "an empty page would end the reading"
    );
    assert_eq!(list(None, u32::MAX).await.len(), 5);
}

#[tokio::test]
async fn what_a_client_cannot_be_is_refused() {
    let scene = Scene::new().await;
    let refused = async |change: fn(&mut Client)| {
        let mut client = client("app");
        change(&mut client);
        constraint_of_change(scene.store.clients.create(&client, noon()).await)
    };
    assert_eq!(refused(|client| client.id.clear()).await, "client_id_check");
    assert_eq!(
        refused(|client| client.id = "ü".to_owned()).await,
        "client_id_check"
    );
    assert_eq!(
        refused(|client| client.id = "a".repeat(256)).await,
        "client_id_check"
    );
    assert_eq!(refused(|client| client.name.clear()).await, "client_name_check");
    assert_eq!(
        refused(|client| client.credential = Credential::Public).await,
        "client_own_tokens_need_a_credential"
    );
    assert_eq!(
        refused(|client| client.redirect_uris.clear()).await,
        "client_codes_need_a_redirect_uri"
    );
    scene.client("app").await;
    scene.refuses("UPDATE client SET grants = '{password}'", "client_grants_check");
    scene.refuses("UPDATE client SET grants = '{NULL}'", "client_grants_check");
    scene.refuses(
        r#"UPDATE client SET credential = '{"type": "none"}'"#,
        "client_credential_check",
    );
    scene.refuses("UPDATE client SET credential = '{}'", "client_credential_check");
    scene.refuses("UPDATE client SET version = 0", "client_version_check");
}

/// What a later version of the service wrote and this one does not understand is an error, not a guess.
#[tokio::test]
async fn a_client_that_is_not_understood_is_an_error() {
    let scene = Scene::new().await;
    scene.client("app").await;
    scene
        .sql(r#"UPDATE client SET credential = '{"type": "secret", "digests": [], "canary-4711": 1}'"#)
        .unwrap();
    let error = scene.store.clients.find("app").await.unwrap_err();
    assert!(matches!(error, DatabaseError::Client(_)), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
}

/// Who asks together is answered together, each with what they asked for.
#[tokio::test]
async fn many_lookups_share_few_queries() {
    let scene = Scene::new().await;
    for id in ["a", "b", "c"] {
        scene.client(id).await;
    }
    let before = scene.count_of("find_client");
    let lookups = (0..600).map(|number| {
        let store = &scene.store;
        async move {
            let id = ["a", "b", "c", "nobody"][number % 4];
            let found = store.clients.find(id).await.unwrap();
            assert_eq!(
                found.map(|found| found.value.id.clone()),
                Some(id.to_owned()).filter(|id| id != "nobody")
            );
        }
    });
    futures::future::join_all(lookups).await;
    let queries = scene.count_of("find_client") - before;
    assert!((1..=60).contains(&queries), "{queries} queries for 600 lookups");
}

/// However many ask at the same time: what was written before somebody asked is in their answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lookup_shows_all_that_was_written_before() {
    let scene = Scene::new().await;
    let client = scene.client("app").await;
    let (store, done) = (scene.store.clone(), tokio_util::sync::CancellationToken::new());
    let others = (0..32).map(|_| {
        let (store, done) = (store.clone(), done.clone());
        tokio::spawn(async move {
            while !done.is_cancelled() {
                store.clients.find("app").await.unwrap();
            }
        })
    });
    let others: Vec<_> = others.collect();
    for version in 1..=200 {
        let replaced = store.clients.replace(&client, version, noon()).await.unwrap();
        let found = store.clients.find("app").await.unwrap();
        assert_eq!(found.map(|found| found.version), Some(replaced.version));
    }
    done.cancel();
    for other in others {
        other.await.unwrap();
    }
}
