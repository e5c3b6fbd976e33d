DROP INDEX outbox_by_end;

DROP TABLE channel_health;
