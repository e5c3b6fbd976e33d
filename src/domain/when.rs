//! Times as people read them, in their own time zone.
