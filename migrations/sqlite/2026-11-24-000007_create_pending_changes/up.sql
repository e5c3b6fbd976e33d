-- What is carried out once somebody has confirmed who they are. Never a password.
CREATE TABLE pending_changes (
    session_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    method TEXT,
    email TEXT,
    phone_sealed BLOB,
    asks_every_login BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX pending_changes_by_expiry ON pending_changes (expires_at);
