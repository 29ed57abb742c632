use service_kit::auth::{Claims, TokenKind, Validity};

use super::{Target, target};
use crate::domain::access_token::{Granted, for_client};
use crate::domain::client::Client;
use crate::domain::oauth_error::OAuthErrorCode;
use crate::domain::scope::ScopeSet;
use crate::domain::test_support::{after, claims_of, client, noon, uuid};

fn claims(kind: TokenKind, token_id: &str) -> Claims {
    let granted = Granted {
        scopes: ScopeSet::default(),
        audience: vec!["records".to_owned()],
    };
    let (grant, _) = for_client(&client(), &granted, uuid(1), noon());
    let validity = Validity {
        token_id: token_id.to_owned(),
        issued_at: noon(),
        expires_at: after(900),
    };
    claims_of(kind, &grant, validity)
}

#[test]
fn a_refresh_token_names_its_family_and_an_access_token_itself() {
    let refresh = claims(TokenKind::Refresh, &format!("{}.4", uuid(7)));
    assert_eq!(
        target(&client(), Some((TokenKind::Refresh, &refresh))),
        Ok(Target::Family(uuid(7)))
    );
    let token_id = format!("{}.4.00000000000000ab", uuid(7));
    let access = claims(TokenKind::Access, &token_id);
    let expected = Target::AccessToken {
        token_id,
        expires_at: after(900),
    };
    assert_eq!(
        target(&client(), Some((TokenKind::Access, &access))),
        Ok(expected)
    );
}

#[test]
fn what_names_nothing_is_no_error() {
    assert_eq!(target(&client(), None), Ok(Target::Nothing));
    let strange = claims(TokenKind::Refresh, "strange");
    assert_eq!(
        target(&client(), Some((TokenKind::Refresh, &strange))),
        Ok(Target::Nothing)
    );
}

#[test]
fn tokens_of_others_are_not_touched() {
    let other = Client {
        id: "other".to_owned(),
        ..client()
    };
    for kind in [TokenKind::Access, TokenKind::Refresh] {
        let claims = claims(kind, &format!("{}.4", uuid(7)));
        let refused = target(&other, Some((kind, &claims))).unwrap_err();
        assert_eq!(refused.code, OAuthErrorCode::InvalidGrant);
    }
}
