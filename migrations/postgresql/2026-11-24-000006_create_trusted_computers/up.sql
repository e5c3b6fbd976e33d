-- Browsers that are not asked for a code, one row an account and browser.
CREATE TABLE trusted_computers (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    token_hash BYTEA NOT NULL,
    trust_epoch BIGINT NOT NULL,
    browser TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    failures INTEGER NOT NULL
);

CREATE UNIQUE INDEX trusted_computers_by_token ON trusted_computers (token_hash, account_id);

CREATE INDEX trusted_computers_by_account ON trusted_computers (account_id, made_at);

CREATE INDEX trusted_computers_by_expiry ON trusted_computers (expires_at);
