-- Wrong passwords from one address, for as long as its limits look back.
CREATE TABLE failed_logins (
    id TEXT NOT NULL PRIMARY KEY,
    address BYTEA NOT NULL,
    subject BYTEA NOT NULL,
    failed_at BIGINT NOT NULL
);

CREATE INDEX failed_logins_by_address ON failed_logins (address, failed_at);

CREATE INDEX failed_logins_by_time ON failed_logins (failed_at);
