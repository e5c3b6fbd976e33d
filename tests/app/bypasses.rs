//! How two-factor authentication was got around elsewhere: what these stories bear in their names is the incident that each
//! would have caught. Those that another story tells already are told there; `docs/security.md` has the whole list.

mod computers;
mod limits;
mod outside;
mod recipients;
mod steps;
