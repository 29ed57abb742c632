-- Authorization codes (RFC 6749, section 4.1) and the refresh families that they open (RFC 9700, section 4.14.2).

CREATE TABLE authorization_code (
    -- SHA-256 of the code: the code itself is nowhere.
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    client_id text COLLATE "C" NOT NULL REFERENCES client,
    subject text COLLATE "C" NOT NULL,
    contents text NOT NULL CHECK (contents::json IS NOT NULL),
    expires_at timestamptz NOT NULL,
    -- The one family that it may open, named when it is redeemed.
    family uuid UNIQUE,
    redeemed_at timestamptz,
    -- It was redeemed twice, or all grants of its client or subject were revoked: it opens nothing any more.
    voided_at timestamptz,
    CONSTRAINT authorization_code_redeemed_for_a_family CHECK ((family IS NULL) = (redeemed_at IS NULL))
);
CREATE INDEX authorization_code_expires ON authorization_code (expires_at);
CREATE INDEX authorization_code_client ON authorization_code (client_id);
CREATE INDEX authorization_code_subject ON authorization_code (subject);

CREATE TABLE refresh_family (
    id uuid PRIMARY KEY,
    client_id text COLLATE "C" NOT NULL REFERENCES client,
    subject text COLLATE "C" NOT NULL,
    scopes text[] NOT NULL,
    roles text[] NOT NULL,
    audience text[] NOT NULL,
    auth_time timestamptz NOT NULL,
    generation bigint NOT NULL CHECK (generation >= 0),
    rotated_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_why text CHECK (revoked_why IN (
        'token_revoked', 'refresh_token_reused', 'code_reused', 'logout', 'client_disabled', 'user_disabled',
        'password_changed', 'administrator')),
    CONSTRAINT refresh_family_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoked_why IS NULL)),
    CONSTRAINT refresh_family_expires_after_login CHECK (expires_at > auth_time)
);
CREATE INDEX refresh_family_expires ON refresh_family (expires_at);
CREATE INDEX refresh_family_alive_of_client ON refresh_family (client_id) WHERE revoked_at IS NULL;
CREATE INDEX refresh_family_alive_of_subject ON refresh_family (subject) WHERE revoked_at IS NULL;

-- What is dead stays dead, and generations follow one another.
CREATE FUNCTION refresh_family_keeps_its_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a revoked family does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refresh_family_stays_revoked';
    END IF;
    IF NEW.generation - OLD.generation NOT IN (0, 1) THEN
        RAISE EXCEPTION 'generations follow one another'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refresh_family_generations_follow';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refresh_family_keeps_its_rules BEFORE UPDATE ON refresh_family
    FOR EACH ROW EXECUTE FUNCTION refresh_family_keeps_its_rules();
