//! The one integration binary. `#[cfg(test)]` on a module tells clippy that its helpers are tests too.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod log_scan;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod smtp_outside;
#[cfg(test)]
mod support;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod trusted_computer;
#[cfg(test)]
mod twilio;
