-- At most one row an account: where its codes go, once that was confirmed.
CREATE TABLE second_factors (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id),
    method TEXT NOT NULL,
    email TEXT,
    phone_sealed BLOB,
    phone_index BLOB,
    confirmed_at BIGINT NOT NULL
);

CREATE INDEX second_factors_by_phone ON second_factors (phone_index);
