use super::*;

fn login<'a>(client: &'a str, redirect_uri: &'a str) -> LoginPage<'a> {
    LoginPage {
        client,
        request: "client_id=a&state=\"><script>",
        token: "1.t",
        alert: Some("It's wrong"),
        redirect_uri,
    }
}

#[test]
fn nothing_in_a_page_is_markup_of_somebody_elses() {
    let body = login("<b>Portal & Co</b>", "https://portal.example.org/cb").body();
    assert!(body.contains("&lt;b&gt;Portal &amp; Co&lt;/b&gt;"), "{body}");
    assert!(
        body.contains("value=\"client_id=a&amp;state=&quot;&gt;&lt;script&gt;\""),
        "{body}"
    );
    assert!(body.contains("It&#39;s wrong"));
    assert!(!body.contains("<script"));
}

#[test]
fn the_form_leads_to_us_and_to_the_client_alone() {
    for (redirect_uri, expected) in [
        (
            "https://portal.example.org/cb?x=1",
            "'self' https://portal.example.org",
        ),
        (
            "https://portal.example.org:8443/cb",
            "'self' https://portal.example.org:8443",
        ),
        ("http://127.0.0.1:49152/", "'self' http://127.0.0.1:49152"),
        ("org.example.app:/cb", "'self' org.example.app:"),
    ] {
        assert_eq!(form_action(redirect_uri), expected);
    }
}

/// The policy allows the style of the page, and would no other.
#[test]
fn the_policy_names_the_style_by_its_hash() {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!("{:?}", policy("'none'").unwrap());
    assert!(policy.contains(&hash), "{policy}");
    let response = error(StatusCode::BAD_REQUEST, "No.");
    assert!(response.extensions().get::<PagePolicy>().is_some());
}
