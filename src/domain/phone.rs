//! Phone numbers: E.164 only, in the countries the operator allows.
