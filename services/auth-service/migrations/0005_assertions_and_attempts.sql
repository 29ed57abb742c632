-- Assertions that were used (RFC 7523, section 3), and failed logins.

CREATE TABLE used_assertion (
    client_id text COLLATE "C" NOT NULL REFERENCES client,
    -- SHA-256 of `jti`, which may be of any length.
    jti_digest bytea NOT NULL CHECK (octet_length(jti_digest) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti_digest)
);
CREATE INDEX used_assertion_expires ON used_assertion (expires_at);

CREATE TABLE login_attempts (
    -- SHA-256 of what is counted: people type passwords where their login belongs.
    counter bytea PRIMARY KEY CHECK (octet_length(counter) = 32),
    failures bigint NOT NULL CHECK (failures >= 0),
    first_at timestamptz,
    locked_until timestamptz,
    changed_at timestamptz NOT NULL
);
CREATE INDEX login_attempts_changed ON login_attempts (changed_at);
