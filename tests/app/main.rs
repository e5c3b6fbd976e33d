//! The one integration binary. `#[cfg(test)]` on a module tells clippy that its helpers are tests too.

#[cfg(test)]
mod address_limits;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod escaping;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod help;
#[cfg(test)]
mod invitation;
#[cfg(test)]
mod login;
#[cfg(test)]
mod profile;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod same_origin;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod support;
#[cfg(test)]
mod templates;
#[cfg(test)]
mod throttling;
#[cfg(test)]
mod trusted_computer;
#[cfg(test)]
mod twilio;
