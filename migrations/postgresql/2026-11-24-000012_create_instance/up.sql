-- What this database is: the mode it is stamped with, its own name, the key it was made with.
CREATE TABLE instance (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
