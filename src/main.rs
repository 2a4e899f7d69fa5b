//! The `nottario` command.

fn main() {}
