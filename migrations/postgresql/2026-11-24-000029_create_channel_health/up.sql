-- How each channel stands, for all instances alike: failures in a row, and, while it is down, since when, why, how often it
-- was tried in vain since, and when one message may try it next.
CREATE TABLE channel_health (
    channel TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    openings INTEGER NOT NULL,
    down_since BIGINT,
    failure_class TEXT,
    probe_at BIGINT
);

INSERT INTO channel_health (channel, failures, openings) VALUES ('email', 0, 0), ('sms', 0, 0);

-- What is too late is settled while a channel is down, without looking at all that waits for it.
CREATE INDEX outbox_by_end ON outbox (state, give_up_at);
