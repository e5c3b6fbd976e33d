-- What stands in for a code: ten recovery codes of an account's owner, and the pass that somebody else gives out. Both are
-- kept hashed and used once.
CREATE TABLE recovery_codes (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    code_hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE UNIQUE INDEX recovery_codes_by_account ON recovery_codes (account_id, code_hash);

CREATE TABLE one_time_passes (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    pass_hash BYTEA NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE UNIQUE INDEX one_time_passes_by_account ON one_time_passes (account_id, pass_hash);

CREATE INDEX one_time_passes_by_expiry ON one_time_passes (expires_at);
