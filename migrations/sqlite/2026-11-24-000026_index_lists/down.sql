DROP INDEX accounts_by_group_and_email;

DROP INDEX accounts_by_group_and_name;

DROP INDEX accounts_by_group;

CREATE INDEX accounts_by_role ON accounts (role, username_key);

CREATE INDEX accounts_by_method ON accounts (method, username_key);

CREATE INDEX accounts_by_requirement ON accounts (requires_two_factor, username_key);

CREATE INDEX accounts_by_state ON accounts (state, username_key);
