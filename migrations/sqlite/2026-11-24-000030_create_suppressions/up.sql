-- Numbers that answered STOP to a sender of ours: no code goes there by itself until somebody at the page asks again.
CREATE TABLE suppressions (
    destination_index BLOB NOT NULL,
    sender TEXT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (destination_index, sender)
);
