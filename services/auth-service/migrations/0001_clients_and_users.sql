-- Clients: RFC 6749, section 2. Users: people who log in.

CREATE TABLE client (
    -- RFC 6749, appendix A.1: VSCHAR. In byte order, so that pages do not depend on the server's language.
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[\x20-\x7e]{1,255}$'),
    name text NOT NULL CHECK (name <> ''),
    credential jsonb NOT NULL
        CHECK (coalesce(credential ->> 'type', '') IN ('public', 'secret', 'private_key_jwt')),
    grants text[] NOT NULL
        CHECK (grants <@ ARRAY['authorization_code', 'client_credentials', 'refresh_token']),
    redirect_uris text[] NOT NULL,
    scopes text[] NOT NULL,
    roles text[] NOT NULL,
    audiences text[] NOT NULL,
    is_enabled boolean NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- RFC 6749, section 4.4: only for clients that can prove who they are.
    CONSTRAINT client_own_tokens_need_a_credential
        CHECK (credential ->> 'type' <> 'public' OR NOT 'client_credentials' = ANY (grants)),
    -- RFC 6749, section 3.1.2.2.
    CONSTRAINT client_codes_need_a_redirect_uri
        CHECK (NOT 'authorization_code' = ANY (grants) OR cardinality(redirect_uris) > 0)
);

CREATE TABLE app_user (
    -- Never the nil UUID, which is before the first page.
    id uuid PRIMARY KEY CHECK (id <> '00000000-0000-0000-0000-000000000000'),
    login text NOT NULL CHECK (login <> ''),
    -- The login without case, made by the service: what `lower` does depends on the server's language.
    login_folded text COLLATE "C" NOT NULL CHECK (octet_length(login_folded) BETWEEN 1 AND 1024),
    password_hash text NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
    roles text[] NOT NULL,
    fhir_user text,
    is_enabled boolean NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT app_user_login_is_unique UNIQUE (login_folded)
);
