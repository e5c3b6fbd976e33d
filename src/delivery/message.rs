//! What the messages say.
