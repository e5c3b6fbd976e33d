//! The line and its encryption, from the server's end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate and its key, and the authority that signed it.
#[derive(Clone)]
pub struct Identity {
    acceptor: TlsAcceptor,
    /// The authority, for those who are to trust it.
    pub authority_pem: Vec<u8>,
}

impl Identity {
    /// A certificate for `host` from an authority nobody knows yet.
    pub fn of(host: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority of this test's own");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority_pem: authority.pem().into_bytes() }
    }

    /// Shows the certificate to whoever connected.
    pub async fn accept(&self, tcp: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(tcp).await
    }
}

/// One end of a connection, read line by line and never further than asked, so that a handshake can follow.
pub struct Wire(Option<Stream>);

enum Stream {
    Plain(TcpStream),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl Wire {
    pub fn plain(tcp: TcpStream) -> Self {
        Self(Some(Stream::Plain(tcp)))
    }

    pub fn gone() -> Self {
        Self(None)
    }

    pub fn is_encrypted(&self) -> bool {
        matches!(self.0, Some(Stream::Encrypted(_)))
    }

    pub async fn encrypt(self, identity: &Identity) -> io::Result<Self> {
        match self.0 {
            Some(Stream::Plain(tcp)) => {
                let tls = identity.accept(tcp).await?;
                Ok(Self(Some(Stream::Encrypted(Box::new(tls)))))
            }
            Some(Stream::Encrypted(_)) | None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.0.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    pub async fn say(&mut self, words: &str) -> io::Result<()> {
        let stream = self.stream()?;
        stream.write_all(format!("{words}\r\n").as_bytes()).await?;
        stream.flush().await
    }

    pub async fn read_line(&mut self) -> io::Result<String> {
        let stream = self.stream()?;
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await?);
        }
        line.truncate(line.len() - 2);
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    pub async fn close(&mut self) -> io::Result<()> {
        self.stream()?.shutdown().await
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Encrypted(tls) => Pin::new(tls.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Encrypted(tls) => Pin::new(tls.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Encrypted(tls) => Pin::new(tls.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Encrypted(tls) => Pin::new(tls.as_mut()).poll_shutdown(cx),
        }
    }
}
