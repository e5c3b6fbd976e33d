-- Changes that wait for "Confirm it's you" are of several kinds now; a pending login is watched until its code comes; a
-- session says from where it was begun.
ALTER TABLE pending_changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'two_factor';

ALTER TABLE pending_logins ADD COLUMN watched_until BIGINT;

CREATE INDEX pending_logins_by_watch ON pending_logins (watched_until);

ALTER TABLE sessions ADD COLUMN network TEXT;
