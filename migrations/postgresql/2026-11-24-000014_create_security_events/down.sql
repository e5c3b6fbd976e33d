DROP TABLE security_events;

DROP FUNCTION security_events_stay;

DROP FUNCTION security_events_are_kept;
