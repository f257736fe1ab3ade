//! The `kafkascope` command.
fn main() {}
