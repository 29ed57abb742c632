"""Every flow of the service by Authlib (PyPI), unmodified. Reads what it needs as JSON from its standard input; writes the
tokens and codes it got, one a line, so that the test can look for them in logs."""

import html
import json
import re
import sys
import time

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

GIVEN = json.load(sys.stdin)
ISSUER = GIVEN["issuer"]


def tell(*secrets):
    for secret in filter(None, secrets):
        print(secret, flush=True)


def metadata(name, document):
    answer = requests.get(f"{ISSUER}/.well-known/{name}", timeout=30)
    answer.raise_for_status()
    found = document(answer.json())
    # OpenID Connect Discovery 1.0, section 3, wants RS256 to be among the algorithms of ID tokens; whether it is one chooses who
    # runs the service.
    algorithms = found.get("id_token_signing_alg_values_supported", [])
    if document is AuthorizationServerMetadata or "RS256" in algorithms:
        found.validate()
    assert found["issuer"] == ISSUER
    return found


SERVER = metadata("openid-configuration", OpenIDProviderMetadata)
assert metadata("oauth-authorization-server", AuthorizationServerMetadata)["token_endpoint"] == SERVER["token_endpoint"]


def verified(token, algorithms):
    """The claims of a token whose signature a key of the JWK Set verifies."""
    keys = KeySet.import_key_set(requests.get(SERVER["jwks_uri"], timeout=30).json())
    return jwt.decode(token, keys, algorithms=algorithms)


def secret_session(method, **more):
    client = GIVEN["clients"]["secret"]
    return OAuth2Session(client["id"], client["secret"], token_endpoint_auth_method=method,
                         revocation_endpoint_auth_method=method, **more)


def assertion_session(client):
    def signed(*request):
        # SMART App Launch 2.2: five minutes at most. Authlib keeps the jti in what it is given: each time another dict.
        claims = {"exp": int(time.time()) + 240}
        method = PrivateKeyJWT(SERVER["token_endpoint"], claims=claims, headers={"kid": client["kid"]}, alg=client["alg"])
        return method(*request)

    key = {"RS256": RSAKey, "ES256": ECKey}[client["alg"]].import_key(client["pem"])
    session = OAuth2Session(client["id"], key, token_endpoint_auth_method="private_key_jwt",
                            revocation_endpoint_auth_method="private_key_jwt")
    session.register_client_auth_method(("private_key_jwt", signed))
    return session


def introspect(session, token):
    answer = session.introspect_token(SERVER["introspection_endpoint"], token=token)
    answer.raise_for_status()
    return answer.json()


def inactive_soon(session, token):
    """Other replicas know of it within a second."""
    time.sleep(1)
    for _ in range(GIVEN["replicas"]):
        assert introspect(session, token) == {"active": False}


def client_credentials(session):
    token = session.fetch_token(SERVER["token_endpoint"], grant_type="client_credentials", scope="system/*.rs")
    tell(token["access_token"])
    assert (token["token_type"], token["scope"]) == ("Bearer", "system/*.rs"), token
    assert introspect(session, token["access_token"])["active"] is True
    session.revoke_token(SERVER["revocation_endpoint"], token=token["access_token"]).raise_for_status()
    inactive_soon(session, token["access_token"])


def log_in(url):
    """What a browser does: gets the page, fills in the form, is sent back. Its cookies are for https or this machine."""
    page = requests.get(url, timeout=30, allow_redirects=False)
    assert page.status_code == 200, page.text
    hidden = {name: html.unescape(re.search(f'name="{name}" value="([^"]*)"', page.text)[1])
              for name in ("authorization_request", "form_token")}
    cookie = "; ".join(f"{one.name}={one.value}" for one in page.cookies)
    sent = requests.post(SERVER["authorization_endpoint"], timeout=30, allow_redirects=False, headers={"Cookie": cookie},
                         data={**hidden, "login": GIVEN["login"], "password": GIVEN["password"]})
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def check_id_token(token, nonce, client_id):
    found = verified(token["id_token"], SERVER["id_token_signing_alg_values_supported"])
    claims = CodeIDToken(found.claims, found.header,
                         {"iss": {"essential": True, "value": ISSUER}, "aud": {"essential": True, "value": client_id}},
                         {"nonce": nonce, "client_id": client_id, "access_token": token["access_token"]})
    claims.validate()
    return claims


def login(session):
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session.create_authorization_url(SERVER["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    location = log_in(url)
    tell(re.search("code=([^&]*)", location)[1])
    token = session.fetch_token(SERVER["token_endpoint"], authorization_response=location, state=state,
                                code_verifier=verifier)
    tell(token["access_token"], token["refresh_token"], token["id_token"])
    subject = check_id_token(token, nonce, session.client_id)["sub"]
    for _ in range(2):
        before, token = token, session.refresh_token(SERVER["token_endpoint"], refresh_token=token["refresh_token"])
        tell(token["access_token"], token["refresh_token"], token["id_token"])
        assert token["refresh_token"] != before["refresh_token"]
        assert check_id_token(token, None, session.client_id)["sub"] == subject
    session.revoke_token(SERVER["revocation_endpoint"], token=token["refresh_token"],
                         token_type_hint="refresh_token").raise_for_status()
    try:
        session.refresh_token(SERVER["token_endpoint"], refresh_token=token["refresh_token"])
        raise AssertionError("a revoked refresh token was good")
    except OAuthError as error:
        assert error.error == "invalid_grant", error
    return token


for session in [secret_session("client_secret_basic"), secret_session("client_secret_post"),
                *map(assertion_session, GIVEN["clients"]["assertion"])]:
    client_credentials(session)
LOGIN = {"scope": "openid fhirUser offline_access records.read", "redirect_uri": GIVEN["redirectUri"],
         "code_challenge_method": "S256"}
mine = secret_session("client_secret_basic", **LOGIN)
inactive_soon(mine, login(mine)["access_token"])
login(OAuth2Session(GIVEN["clients"]["public"]["id"], token_endpoint_auth_method="none",
                    revocation_endpoint_auth_method="none", **LOGIN))
