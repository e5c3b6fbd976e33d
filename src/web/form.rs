//! The state of a form that is shown again.
