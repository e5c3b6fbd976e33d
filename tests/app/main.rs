//! The one integration binary. `cfg(test)` on a module tells clippy that its helpers are tests too.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod support;
