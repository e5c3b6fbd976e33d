-- A code that is owed. The code itself is derived from this row and a key that is not in the database.
CREATE TABLE challenges (
    id TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    owner_id TEXT NOT NULL,
    method TEXT NOT NULL,
    email TEXT,
    phone_sealed BLOB,
    destination_index BLOB NOT NULL,
    asks_every_login BOOLEAN NOT NULL,
    key_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    code_ends_at BIGINT,
    previous_ends_at BIGINT,
    tries INTEGER NOT NULL,
    sends INTEGER NOT NULL,
    sent_at BIGINT,
    resend_at BIGINT NOT NULL,
    browser TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    ended_at BIGINT
);

CREATE INDEX challenges_by_owner ON challenges (owner_id, purpose);

CREATE INDEX challenges_by_expiry ON challenges (expires_at);
