-- Text is compared byte by byte here anyway, so the keys that accounts are found by stay as they are.

-- Whatever the list is filtered by, it is a few of the 48 groups that role, state, method and requirement make together;
-- each of these walks one group in one order.
DROP INDEX accounts_by_role;

DROP INDEX accounts_by_method;

DROP INDEX accounts_by_requirement;

DROP INDEX accounts_by_state;

CREATE INDEX accounts_by_group ON accounts (role, state, method, requires_two_factor, username_key);

CREATE INDEX accounts_by_group_and_name
    ON accounts (role, state, method, requires_two_factor, display_name_key, username_key);

CREATE INDEX accounts_by_group_and_email
    ON accounts (role, state, method, requires_two_factor, email_key, username_key);
