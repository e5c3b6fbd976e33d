-- The password was right, the code is still owed.
CREATE TABLE pending_logins (
    id TEXT NOT NULL PRIMARY KEY,
    token_hash BLOB NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    session_epoch BIGINT NOT NULL,
    challenge_id TEXT NOT NULL REFERENCES challenges (id),
    asked_because TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE INDEX pending_logins_by_expiry ON pending_logins (expires_at);
