//! Rows in, domain values out; one file per table.
