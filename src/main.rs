//! The program: parse the command, build the app, run it.

fn main() {}
