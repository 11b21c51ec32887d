//! The client against a server of its own.

mod example;
mod server;
mod target;
mod writer;
