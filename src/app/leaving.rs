//! How the process leaves, so that nobody on the other side of a proxy notices: it says that it is not ready while it still
//! works, then lets nobody new in, then finishes what is under way.
//!
//! A listening socket that is closed resets the connections that nobody has taken up yet, and what was sent into one of them
//! a proxy must not send again if it is a POST. So newcomers are kept out first, without a word: they ask again within a
//! second, find the port closed, and have sent nothing. In development mode nobody stands in front, and all of this is left
//! out.

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::web::Data;
use tokio::time::{sleep, timeout};

use crate::web::Portal;

/// How long whoever looks at `/readyz` has to send people elsewhere.
const NOTICE: Duration = Duration::from_secs(5);
/// How long those who came in last have to say what they want.
const LAST_ORDERS: Duration = Duration::from_millis(500);

/// How the system asks the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// As service managers do.
    Politely,
    /// As somebody at a keyboard does.
    AtOnce,
}

/// The signals that end the program. From the moment this exists they end it no more by themselves.
#[cfg(unix)]
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    quit: tokio::signal::unix::Signal,
}

/// The signals that end the program.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(unix)]
impl Signals {
    pub(super) fn caught() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
        })
    }

    async fn next(&mut self) -> Wish {
        tokio::select! {
            _ = self.terminate.recv() => Wish::Politely,
            _ = self.interrupt.recv() => Wish::AtOnce,
            _ = self.quit.recv() => Wish::AtOnce,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(super) fn caught() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> Wish {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Wish::AtOnce,
            // Nobody can ask, so nobody does.
            Err(_) => std::future::pending().await,
        }
    }
}

/// Waits for a signal, and brings the server to its end. Asked a second time, it gives no more notice.
pub(super) async fn leave(
    mut signals: Signals,
    portal: Data<Portal>,
    door: TcpListener,
    server: ServerHandle,
) {
    let wish = signals.next().await;
    let is_polite = wish == Wish::Politely;
    if is_polite {
        tracing::info!(event = "stopping", "asked to stop: graceful shutdown begins");
        portal.is_leaving.store(true, Ordering::Relaxed);
    }
    if is_polite && !portal.is_development() {
        // Err: nobody asked again.
        drop(timeout(NOTICE, signals.next()).await);
        match shut(&door) {
            Ok(()) => sleep(LAST_ORDERS).await,
            Err(fault) => tracing::warn!(%fault, "whoever comes in this moment may be turned away"),
        }
    }
    // The server's own hand on the socket is the last: when it lets go, the port is closed.
    drop(door);
    server.stop(is_polite).await;
}

/// From now on this socket begins no connection; those that were begun come through.
#[cfg(target_os = "linux")]
fn shut(door: &TcpListener) -> std::io::Result<()> {
    use socket2::{SockFilter, SockRef};

    /// Where a TCP segment has its flags, and those by which a first segment is known (RFC 9293, section 3.1).
    const FLAGS: u32 = 13;
    const SYN: u32 = 0x02;
    const ACK: u32 = 0x10;
    // The kernel runs this little program on every segment that comes to the socket. It answers how much to keep.
    const LOAD_BYTE: u16 = 0x30;
    const AND: u16 = 0x54;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let program = [
        SockFilter::new(LOAD_BYTE, 0, 0, FLAGS),
        SockFilter::new(AND, 0, 0, SYN | ACK),
        SockFilter::new(JUMP_IF_EQUAL, 0, 1, SYN),
        SockFilter::new(RETURN, 0, 0, 0),
        SockFilter::new(RETURN, 0, 0, u32::MAX),
    ];
    SockRef::from(door).attach_filter(&program)
}

/// Elsewhere a port can only be closed.
#[cfg(not(target_os = "linux"))]
fn shut(_door: &TcpListener) -> std::io::Result<()> {
    Ok(())
}
