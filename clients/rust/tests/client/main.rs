//! The client against a server of its own.

mod answers;
mod damage;
mod example;
mod files;
mod handlers;
mod keys;
mod owner;
mod server;
mod service;
mod statuses;
mod support;
mod target;
#[path = "../../src/test_folder.rs"]
mod test_folder;
mod writer;
