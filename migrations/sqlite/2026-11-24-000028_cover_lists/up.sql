-- What a list counts and filters by stands in the index it walks, so that it need not look at the rows, and no planner is
-- drawn to another index that happens to hold it.
DROP INDEX accounts_by_email;

DROP INDEX accounts_by_name;

CREATE INDEX accounts_by_email ON accounts (email_key, username_key, role, state, method, requires_two_factor);

CREATE INDEX accounts_by_name ON accounts (display_name_key, username_key, role, state, method, requires_two_factor);

CREATE INDEX accounts_by_username ON accounts (username_key, role, state, method, requires_two_factor);
