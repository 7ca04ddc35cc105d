//! Connections to a server, and why there was none: the library tells only that there was none.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use hickory_resolver::config::ConnectionConfig;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::{ConnectionProvider, PoolContext};

use super::Failure;
use super::trust::disbelief;

type Connection = <TokioRuntimeProvider as ConnectionProvider>::Conn;

/// Connects to one server, and keeps why it last could not.
#[derive(Clone, Default)]
pub(super) struct Connector {
    inner: TokioRuntimeProvider,
    refused: Arc<Mutex<Option<Failure>>>,
}

impl Connector {
    /// Why there last was no connection.
    pub(super) fn refused(&self) -> Option<Failure> {
        self.refused.lock().ok()?.clone()
    }
}

impl ConnectionProvider for Connector {
    type Conn = Connection;
    type FutureConn = Pin<Box<dyn Future<Output = Result<Connection, NetError>> + Send + 'static>>;
    type RuntimeProvider = TokioRuntimeProvider;

    fn new_connection(
        &self,
        ip: IpAddr,
        config: &ConnectionConfig,
        cx: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        let connecting = self.inner.new_connection(ip, config, cx)?;
        let refused = self.refused.clone();
        Ok(Box::pin(async move {
            let connected = connecting.await;
            if let Err(NetError::Io(error)) = &connected
                && let Ok(mut place) = refused.lock()
            {
                *place = Some(failure(error));
            }
            connected
        }))
    }

    fn runtime_provider(&self) -> &TokioRuntimeProvider {
        &self.inner
    }
}

/// What an error amounts to that came in place of a connection or an answer.
pub(super) fn failure(error: &std::io::Error) -> Failure {
    let of_tls = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<rustls::Error>());
    match of_tls {
        Some(rustls::Error::InvalidCertificate(error)) => Failure::Untrusted(disbelief(error)),
        Some(error) => Failure::Other(format!(
            "the server does not speak TLS as it should: {error}"
        )),
        None if error.kind() == std::io::ErrorKind::TimedOut => Failure::Timeout,
        None => Failure::Unreachable(error.to_string()),
    }
}
