//! The states and the schedule of a message on its way out.
