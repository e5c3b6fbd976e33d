//! App: what outlives a request.
