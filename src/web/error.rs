//! Faults and refusals, as pages.
