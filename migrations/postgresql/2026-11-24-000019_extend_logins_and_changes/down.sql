ALTER TABLE sessions DROP COLUMN network;

DROP INDEX pending_logins_by_watch;

ALTER TABLE pending_logins DROP COLUMN watched_until;

DELETE FROM pending_changes WHERE kind <> 'two_factor';

ALTER TABLE pending_changes DROP COLUMN kind;
