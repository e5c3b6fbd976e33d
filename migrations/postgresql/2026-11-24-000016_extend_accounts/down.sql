DROP INDEX accounts_by_state;

DROP INDEX accounts_by_requirement;

DROP INDEX accounts_by_method;

DROP INDEX accounts_by_role;

DROP INDEX accounts_by_name;

DROP INDEX accounts_by_email;

CREATE INDEX accounts_by_email ON accounts (email_key);

ALTER TABLE accounts DROP COLUMN state;

ALTER TABLE accounts DROP COLUMN method;

ALTER TABLE accounts DROP COLUMN display_name_key;

ALTER TABLE accounts DROP COLUMN version;

ALTER TABLE accounts DROP COLUMN password_changed_at;

ALTER TABLE accounts DROP COLUMN must_prove_mailbox;

ALTER TABLE accounts DROP COLUMN allows_trust;

ALTER TABLE accounts DROP COLUMN requires_two_factor;
