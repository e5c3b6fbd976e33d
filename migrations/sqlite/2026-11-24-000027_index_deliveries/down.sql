DROP INDEX outbox_by_failure;

DROP INDEX outbox_by_channel_and_id;

DROP INDEX outbox_by_state;
