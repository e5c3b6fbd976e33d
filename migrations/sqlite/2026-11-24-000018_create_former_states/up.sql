-- What stood before an act that a notice tells of, so that "This wasn't me" can put it back.
CREATE TABLE former_states (
    event_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    email TEXT NOT NULL,
    email_confirmed_at BIGINT,
    method TEXT,
    factor_email TEXT,
    phone_sealed BLOB,
    factor_confirmed_at BIGINT,
    asks_every_login BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX former_states_by_account ON former_states (account_id, event_id);

CREATE INDEX former_states_by_expiry ON former_states (expires_at);
