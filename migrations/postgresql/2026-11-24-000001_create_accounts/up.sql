-- One person's login. Counters and epochs live here so that one conditional update can move them.
CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    email_confirmed_at BIGINT,
    password_hash TEXT,
    role TEXT NOT NULL,
    disabled_at BIGINT,
    time_zone TEXT NOT NULL,
    asks_every_login BOOLEAN NOT NULL,
    session_epoch BIGINT NOT NULL,
    trust_epoch BIGINT NOT NULL,
    trust_ended_because TEXT,
    code_failures INTEGER NOT NULL,
    codes_paused_until BIGINT,
    codes_suspended_at BIGINT,
    sends_counted_from BIGINT NOT NULL,
    last_login_at BIGINT,
    last_login_browser TEXT,
    previous_login_at BIGINT,
    previous_login_browser TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX accounts_by_email ON accounts (email_key);
