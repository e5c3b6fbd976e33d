DROP TABLE pending_logins;
