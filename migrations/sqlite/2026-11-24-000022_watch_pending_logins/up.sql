-- The notice of a right password without its code says from where; and no line of the log is replaced by another of its
-- name, which SQLite would do without asking the triggers on change and deletion.
ALTER TABLE pending_logins ADD COLUMN network TEXT;

CREATE TRIGGER security_events_are_not_replaced BEFORE INSERT ON security_events
WHEN EXISTS (SELECT 1 FROM security_events WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the activity log is not changed');
END;
