//! A connection of HTTP/2.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tonic::body::Body;

use crate::tls::Tls;

/// Networks of phones forget a silent connection after some minutes; a vanished peer is noticed within 40 s.
const PING_AFTER: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// The type of a frame is this byte of it, and the first frame of a server is SETTINGS.
const FRAME_TYPE: usize = 3;
const SETTINGS: u8 = 4;

/// Connects to host:port. The error is a cause, without the target.
pub async fn dial(target: &str, tls: Option<&Tls>, deadline: Instant) -> Result<SendRequest<Body>, String> {
    let stream = connect(target, deadline).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let Some(tls) = tls else {
        return handshake(stream).await;
    };
    let host = tls.server_name.as_deref().unwrap_or_else(|| host(target)).to_owned();
    let name = ServerName::try_from(host).map_err(|_| "TLS takes no such name of a server".to_owned())?;
    let settings = tls.clone();
    let config = tokio::task::spawn_blocking(move || settings.read()).await.map_err(|error| error.to_string())??;
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    handshake(connected.map_err(|error| format!("TLS failed: {error}"))?).await
}

/// Tries one address of the host after the other, which share the time.
async fn connect(target: &str, deadline: Instant) -> io::Result<TcpStream> {
    let mut failure = io::Error::other("the host has no address");
    let mut addresses = lookup_host(target).await?.collect::<Vec<_>>().into_iter();
    while let Some(address) = addresses.next() {
        let others = u32::try_from(addresses.len()).unwrap_or(u32::MAX - 1);
        let share = deadline.saturating_duration_since(Instant::now()) / (others + 1);
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = error,
            Err(_) => failure = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failure)
}

/// The host of host:port, without the brackets of an IPv6 address.
pub fn host(target: &str) -> &str {
    target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']'])
}

/// Begins HTTP/2, and waits for the first bytes of the server: a connection that passes nothing is none.
async fn handshake<S>(stream: S) -> Result<SendRequest<Body>, String>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (answered, answer) = oneshot::channel();
    let io = TokioIo::new(Answering { stream, answered: Some(answered) });
    let (sender, connection) = Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_AFTER)
        .keep_alive_timeout(PING_TIMEOUT)
        .handshake(io)
        .await
        .map_err(|error| innermost(&error))?;
    // The task ends with the last sender and its calls.
    let task = tokio::spawn(connection);
    if answer.await.is_ok() {
        return Ok(sender);
    }
    let ended = task.await.map_err(|error| error.to_string())?;
    Err(match ended {
        Ok(()) => "it was closed without an answer".to_owned(),
        Err(error) => innermost(&error),
    })
}

/// The cause of an error that has no other cause.
pub fn innermost(error: &dyn StdError) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// A stream that reports its first bytes, and fails where they are not those of HTTP/2.
struct Answering<S> {
    stream: S,
    answered: Option<oneshot::Sender<()>>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Answering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before
            && let Some(answered) = self.answered.take()
        {
            if buffer.filled()[before..].get(FRAME_TYPE).is_some_and(|kind| *kind != SETTINGS) {
                return Poll::Ready(Err(io::Error::other("the server does not speak HTTP/2")));
            }
            // The caller may have given up.
            let _ = answered.send(());
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Answering<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
