-- What administrators decide about an account, and what its list is found and filtered by: copies, each kept by the write
-- that changes the original.
ALTER TABLE accounts ADD COLUMN requires_two_factor BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE accounts ADD COLUMN allows_trust BOOLEAN NOT NULL DEFAULT TRUE;

ALTER TABLE accounts ADD COLUMN must_prove_mailbox BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE accounts ADD COLUMN password_changed_at BIGINT;

ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE accounts ADD COLUMN display_name_key TEXT NOT NULL DEFAULT '';

ALTER TABLE accounts ADD COLUMN method TEXT NOT NULL DEFAULT 'disabled';

ALTER TABLE accounts ADD COLUMN state TEXT NOT NULL DEFAULT 'active';

UPDATE accounts SET
    display_name_key = LOWER(display_name),
    method = COALESCE((SELECT f.method FROM second_factors AS f WHERE f.account_id = accounts.id), 'disabled'),
    state = CASE
        WHEN disabled_at IS NOT NULL THEN 'disabled'
        WHEN password_hash IS NULL THEN 'invited'
        WHEN codes_suspended_at IS NOT NULL THEN 'locked'
        ELSE 'active'
    END;

DROP INDEX accounts_by_email;

CREATE INDEX accounts_by_email ON accounts (email_key, username_key);

CREATE INDEX accounts_by_name ON accounts (display_name_key, username_key);

CREATE INDEX accounts_by_role ON accounts (role, username_key);

CREATE INDEX accounts_by_method ON accounts (method, username_key);

CREATE INDEX accounts_by_requirement ON accounts (requires_two_factor, username_key);

CREATE INDEX accounts_by_state ON accounts (state, username_key);
