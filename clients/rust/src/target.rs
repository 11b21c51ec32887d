//! The form of a target: host:port.

use std::net::Ipv6Addr;

use crate::error::Error;

/// Checks that the target is host:port: no later attempt with another form can succeed.
pub fn check(target: &str) -> Result<(), Error> {
    if target.rsplit_once(':').is_some_and(|(host, port)| is_host(host) && is_port(port)) {
        return Ok(());
    }
    let message = format!(
        "The target \"{target}\" is not host:port, such as iot.example.com:50051 or [2001:db8::1]:50051. \
         The port is 1 to {}, and there is no scheme such as http://.",
        u16::MAX
    );
    Err(Error::invalid("target", message))
}

/// A name or an IPv4 address, or an IPv6 address in brackets.
fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte)),
    }
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}
