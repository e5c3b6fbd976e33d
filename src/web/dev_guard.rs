//! What development mode refuses, so that nobody exposes it by accident.
