//! Every URL once.
