DROP INDEX accounts_by_username;

DROP INDEX accounts_by_name;

DROP INDEX accounts_by_email;

CREATE INDEX accounts_by_email ON accounts (email_key, username_key);

CREATE INDEX accounts_by_name ON accounts (display_name_key, username_key);
