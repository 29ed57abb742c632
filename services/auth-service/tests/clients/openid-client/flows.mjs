// Every flow of the service by openid-client (openid-client and oauth4webapi on npm), unmodified. Reads what it needs as JSON
// from its standard input; writes the tokens and codes it got, one a line, so that the test can look for them in logs.

import assert from 'node:assert/strict';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';

const given = JSON.parse(readFileSync(0, 'utf8'));
const server = new URL(given.issuer);
// The test's server is on this machine, without TLS.
const local = { execute: [client.allowInsecureRequests] };
const tell = (...secrets) => secrets.filter(Boolean).forEach((secret) => console.log(secret));

async function privateKey(pem, alg) {
  const algorithms = {
    ES256: { name: 'ECDSA', namedCurve: 'P-256' },
    RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  };
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithms[alg], false, ['sign']);
}

async function authentications() {
  const { secret, assertion } = given.clients;
  return [
    [secret.id, client.ClientSecretBasic(secret.secret)],
    [secret.id, client.ClientSecretPost(secret.secret)],
    ...(await Promise.all(
      assertion.map(async ({ id, kid, pem, alg }) => [id, client.PrivateKeyJwt({ key: await privateKey(pem, alg), kid })]),
    )),
  ];
}

/** What a browser does: gets the page, fills in the form, is sent back. Its cookies are for https or this machine. */
async function logIn(url) {
  const page = await fetch(url, { redirect: 'manual' });
  assert.equal(page.status, 200);
  const text = await page.text();
  const hidden = (name) => text.match(new RegExp(`name="${name}" value="([^"]*)"`))[1].replaceAll('&amp;', '&');
  const cookie = page.headers.getSetCookie().map((one) => one.split(';')[0]).join('; ');
  const sent = await fetch(new URL('/oauth2/authorize', server), {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie },
    body: new URLSearchParams({
      authorization_request: hidden('authorization_request'),
      form_token: hidden('form_token'),
      login: given.login,
      password: given.password,
    }),
  });
  assert.equal(sent.status, 303, await sent.text());
  const location = new URL(sent.headers.get('location'));
  tell(location.searchParams.get('code'));
  return location;
}

/** A resource server that checks access tokens by RFC 9068, by itself. A secret can only be checked by who has it. */
async function acceptedByResourceServer(config, token) {
  if (!given.hasPublicKeys) return;
  const request = new Request('https://records.example.org/', { headers: { authorization: `Bearer ${token}` } });
  const claims = await oauth.validateJwtAccessToken(config.serverMetadata(), request, 'records', {
    [oauth.allowInsecureRequests]: true,
  });
  assert.equal(claims.iss, given.issuer);
}

async function clientCredentials(config) {
  const tokens = await client.clientCredentialsGrant(config, { scope: 'system/*.rs' });
  tell(tokens.access_token);
  assert.equal(tokens.token_type, 'bearer');
  assert.equal(tokens.scope, 'system/*.rs');
  await acceptedByResourceServer(config, tokens.access_token);
  const active = await client.tokenIntrospection(config, tokens.access_token);
  assert.equal(active.active, true);
  assert.equal(active.iss, given.issuer);
  await client.tokenRevocation(config, tokens.access_token);
  await inactiveSoon(config, tokens.access_token);
}

/** Other replicas know of it within a second. */
async function inactiveSoon(config, token) {
  await new Promise((resolve) => setTimeout(resolve, 1000));
  for (let replica = 0; replica < given.replicas; replica += 1) {
    assert.deepEqual(await client.tokenIntrospection(config, token), { active: false });
  }
}

async function authorizationCode(config) {
  const [verifier, state, nonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: given.redirectUri,
    scope: 'openid fhirUser offline_access records.read',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, await logIn(url), checks);
  tell(tokens.access_token, tokens.refresh_token, tokens.id_token);
  assert.equal(tokens.claims().iss, given.issuer);
  assert.equal(tokens.claims().nonce, nonce);
  await acceptedByResourceServer(config, tokens.access_token);
  return tokens;
}

async function refresh(config, tokens) {
  const next = await client.refreshTokenGrant(config, tokens.refresh_token);
  tell(next.access_token, next.refresh_token, next.id_token);
  assert.notEqual(next.refresh_token, tokens.refresh_token);
  assert.equal(next.claims().sub, tokens.claims().sub);
  return next;
}

async function login(config, isConfidential) {
  const first = await authorizationCode(config);
  const second = await refresh(config, first);
  const third = await refresh(config, second);
  await client.tokenRevocation(config, third.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, third.refresh_token), { error: 'invalid_grant' });
  if (isConfidential) {
    for (const token of [first, second, third]) await inactiveSoon(config, token.access_token);
  }
}

async function discovered(id, authentication, algorithm) {
  const config = await client.discovery(server, id, undefined, authentication, { ...local, algorithm });
  assert.equal(config.serverMetadata().issuer, given.issuer);
  // The signatures of ID tokens are checked even though they come straight from the server.
  client.enableNonRepudiationChecks(config);
  return config;
}

for (const [id, authentication] of await authentications()) {
  await clientCredentials(await discovered(id, authentication, 'oauth2'));
}
const [id, authentication] = (await authentications())[0];
await login(await discovered(id, authentication, 'oidc'), true);
await login(await discovered(given.clients.public.id, client.None(), 'oidc'), false);
