DROP TRIGGER security_events_are_not_replaced;

ALTER TABLE pending_logins DROP COLUMN network;
