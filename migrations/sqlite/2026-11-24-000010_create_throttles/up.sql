-- Wrong passwords in a row for one name, known or not; kept under a keyed hash of the name.
CREATE TABLE throttles (
    subject BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    rests_until BIGINT,
    changed_at BIGINT NOT NULL
);

CREATE INDEX throttles_by_change ON throttles (changed_at);
