-- Links at which a person sets the first password. The token is derived, not stored.
CREATE TABLE invitations (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    key_id TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE INDEX invitations_by_account ON invitations (account_id);

CREATE INDEX invitations_by_expiry ON invitations (expires_at);
