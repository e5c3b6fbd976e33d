//! What would have been sent, in development mode.
