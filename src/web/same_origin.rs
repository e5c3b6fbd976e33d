//! The first of two guards against forged requests.
