//! The whole login decision as one pure function.
