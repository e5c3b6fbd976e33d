-- What administrators look for among the messages, newest first.
CREATE INDEX outbox_by_state ON outbox (state, id);

CREATE INDEX outbox_by_channel_and_id ON outbox (channel, id);

CREATE INDEX outbox_by_failure ON outbox (failure_class, id);
