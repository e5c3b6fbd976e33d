-- What leaves the process, written in the same transaction as the reason for it. No code, no text.
CREATE TABLE outbox (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    challenge_id TEXT REFERENCES challenges (id),
    invitation_id TEXT REFERENCES invitations (id),
    generation INTEGER NOT NULL,
    recipient_sealed BYTEA,
    destination_index BYTEA NOT NULL,
    is_confirmed BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    ambiguous INTEGER NOT NULL,
    next_attempt_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    lease TEXT,
    provider_id TEXT,
    failure_class TEXT,
    failure_detail TEXT,
    created_at BIGINT NOT NULL,
    handed_over_at BIGINT,
    settled_at BIGINT
);

CREATE INDEX outbox_by_age ON outbox (created_at);

CREATE INDEX outbox_by_due ON outbox (state, next_attempt_at);

CREATE INDEX outbox_by_challenge ON outbox (challenge_id, created_at);

CREATE INDEX outbox_by_account ON outbox (account_id, created_at);

CREATE INDEX outbox_by_channel ON outbox (channel, created_at);

CREATE INDEX outbox_by_destination ON outbox (destination_index, created_at);
