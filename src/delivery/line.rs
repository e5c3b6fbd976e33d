//! The plain TCP line to a mail server, before it is encrypted or because it never leaves this machine.
//!
//! lettre reads replies through a buffer and keeps the buffer when it starts TLS. Whoever sits between could send
//! more than the reply to STARTTLS, and those words would be taken for replies of the encrypted server ("STARTTLS
//! response injection"). So the reply to STARTTLS is read one byte at a time: what follows it meets the handshake, and
//! the handshake fails.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};

/// An open line. Dropping it closes it.
pub struct Line {
    tcp: TcpStream,
    asked_for_tls: bool,
}

impl Line {
    /// Connects to the first address of a host that answers, giving each its share of the time until `ends_at`.
    /// With `only_loopback`, other addresses do not exist.
    ///
    /// # Errors
    /// What the system said about the last address tried.
    pub async fn open(host: &str, port: u16, only_loopback: bool, ends_at: Instant) -> io::Result<Self> {
        let addresses: Vec<SocketAddr> = lookup_host((host, port))
            .await?
            .filter(|address| !only_loopback || address.ip().is_loopback())
            .collect();
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no usable address");
        for (tried, address) in addresses.iter().enumerate() {
            let left = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            let share = ends_at.saturating_duration_since(Instant::now()) / left;
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    // A mail is written in two goes, the letter and the dot after it. Nothing is gained by holding the dot
                    // back until the other side has acknowledged the letter, which it does 40 ms later.
                    tcp.set_nodelay(true)?;
                    return Ok(Self { tcp, asked_for_tls: false });
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }
}

/// Whether a host in a setting means this machine.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.asked_for_tls || buffer.remaining() == 0 {
            return Pin::new(&mut self.tcp).poll_read(cx, buffer);
        }
        let mut byte = [0];
        let mut one = ReadBuf::new(&mut byte);
        ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut one))?;
        buffer.put_slice(one.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // The next thing written after STARTTLS is the handshake, and from there on nothing is plain.
        self.asked_for_tls = bytes.starts_with(b"STARTTLS\r\n");
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Line {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.peer_addr()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_this_machine() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["localhost.example.com", "10.0.0.1", "0.0.0.0", "mail.example.com", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
