-- Keys that tokens are signed with: next, then active, then retired.

CREATE TABLE signing_key (
    kid text COLLATE "C" PRIMARY KEY CHECK (kid <> ''),
    algorithm text NOT NULL CHECK (algorithm IN ('ES256', 'EdDSA', 'RS256')),
    public_jwk jsonb NOT NULL,
    -- Encrypted by the service, whose key for that is not in the database.
    sealed_private bytea NOT NULL CHECK (octet_length(sealed_private) > 0),
    state text NOT NULL CHECK (state IN ('next', 'active', 'retired')),
    created_at timestamptz NOT NULL,
    activated_at timestamptz,
    retired_at timestamptz,
    CONSTRAINT signing_key_jwk_names_it CHECK (coalesce(public_jwk ->> 'kid', '') = kid),
    -- RFC 7518, section 6: members of private and symmetric keys.
    CONSTRAINT signing_key_jwk_is_public
        CHECK (NOT public_jwk ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']),
    CONSTRAINT signing_key_times_fit_its_state
        CHECK ((state = 'next') = (activated_at IS NULL) AND (state = 'retired') = (retired_at IS NOT NULL))
);
CREATE UNIQUE INDEX signing_key_one_active ON signing_key (algorithm) WHERE state = 'active';
CREATE UNIQUE INDEX signing_key_one_next ON signing_key (algorithm) WHERE state = 'next';

-- Grows with every change of the keys: replicas ask for it each second.
CREATE TABLE signing_key_version (
    is_only_row boolean PRIMARY KEY DEFAULT true CHECK (is_only_row),
    version bigint NOT NULL CHECK (version >= 0)
);
INSERT INTO signing_key_version (version) VALUES (0);
