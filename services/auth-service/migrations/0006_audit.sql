-- The audit log: hash chains, one for each writer, that only grow.

CREATE TABLE audit_entry (
    chain uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq >= 1),
    at timestamptz NOT NULL,
    canonical text NOT NULL,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL,
    PRIMARY KEY (chain, seq),
    CONSTRAINT audit_entry_hash_is_right
        CHECK (hash = sha256(previous || int8send(seq) || convert_to(canonical, 'UTF8')))
);

-- The last entry of each chain.
CREATE TABLE audit_head (
    chain uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    FOREIGN KEY (chain, seq) REFERENCES audit_entry (chain, seq)
);

CREATE FUNCTION audit_entry_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT chain, seq, previous,
                lag(seq) OVER one_chain AS last_seq, lag(hash) OVER one_chain AS last_hash
            FROM added WINDOW one_chain AS (PARTITION BY chain ORDER BY seq)
        ) AS entry
        LEFT JOIN audit_head AS head ON head.chain = entry.chain AND entry.last_seq IS NULL
        WHERE entry.seq <> coalesce(entry.last_seq, head.seq, 0) + 1
            OR entry.previous <> coalesce(entry.last_hash, head.hash, decode(repeat('00', 32), 'hex'))
    ) THEN
        RAISE EXCEPTION 'an entry does not follow on the last one of its chain'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'audit_entry_follows';
    END IF;
    INSERT INTO audit_head
        SELECT DISTINCT ON (chain) chain, seq, hash FROM added ORDER BY chain, seq DESC
        ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, hash = excluded.hash;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_entry_follows AFTER INSERT ON audit_entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_follows();

-- Also for those who own the tables: a mistake must not take a trail away.
CREATE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log only grows'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'audit_only_grows';
END $$;
CREATE TRIGGER audit_entry_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_head_only_grows BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows();
CREATE TRIGGER audit_head_only_moves_forward BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (NEW.chain <> OLD.chain OR NEW.seq <= OLD.seq) EXECUTE FUNCTION audit_only_grows();
