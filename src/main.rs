//! The `tidegate` command: a thin shell around [`tidegate::cli`].

fn main() {}
