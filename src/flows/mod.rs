//! One file per story; the only place that opens a transaction.
