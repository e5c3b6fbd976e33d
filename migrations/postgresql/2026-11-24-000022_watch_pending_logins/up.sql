-- The notice of a right password without its code says from where. (That no line of the log is replaced by another of its
-- name needs nothing here: PostgreSQL asks the trigger on change.)
ALTER TABLE pending_logins ADD COLUMN network TEXT;
