-- How each attempt at a message ended, in the other side's scrubbed words. They go with their message.
CREATE TABLE delivery_attempts (
    message_id TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    ended_at BIGINT NOT NULL,
    failure_class TEXT,
    failure_detail TEXT,
    PRIMARY KEY (message_id, attempt)
);
