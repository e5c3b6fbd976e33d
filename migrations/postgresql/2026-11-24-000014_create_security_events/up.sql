-- The activity log: who did what to whom, when, from where. Nothing in it is ever changed, and nothing younger than
-- activity.keep_days is deleted; the database itself refuses both. Time is the log's own: its newest line.
CREATE TABLE security_events (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    administrator_id TEXT,
    account_id TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    network TEXT,
    browser TEXT,
    request_id TEXT
);

CREATE INDEX security_events_by_account ON security_events (account_id, id);

CREATE INDEX security_events_by_kind ON security_events (kind, id);

CREATE INDEX security_events_by_account_and_kind ON security_events (account_id, kind, id);

CREATE FUNCTION security_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the activity log is not changed';
END
$$;

CREATE TRIGGER security_events_stay BEFORE UPDATE ON security_events
FOR EACH ROW EXECUTE FUNCTION security_events_stay();

CREATE TRIGGER security_events_are_not_emptied BEFORE TRUNCATE ON security_events
FOR EACH STATEMENT EXECUTE FUNCTION security_events_stay();

CREATE FUNCTION security_events_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.at > (SELECT at FROM security_events ORDER BY id DESC LIMIT 1)
        - COALESCE((SELECT CAST(value AS BIGINT) FROM instance WHERE name = 'activity_keep_days'), 400) * 86400000000
    THEN
        RAISE EXCEPTION 'the activity log is kept for its days';
    END IF;
    RETURN OLD;
END
$$;

CREATE TRIGGER security_events_are_kept BEFORE DELETE ON security_events
FOR EACH ROW EXECUTE FUNCTION security_events_are_kept();
