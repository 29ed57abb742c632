//! From a signal to a token everybody can wait on.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first SIGTERM or SIGINT.
///
/// Kubernetes sends SIGTERM, a terminal SIGINT. Must be called within a tokio runtime. Later signals are
/// ignored: whoever wants the process gone at once has SIGKILL.
pub fn on_signal() -> io::Result<CancellationToken> {
    let terminate = signal(SignalKind::terminate())?;
    let interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    tokio::spawn(cancel_on_first(terminate, interrupt, token.clone()));
    Ok(token)
}

async fn cancel_on_first(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    let name = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    tracing::info!(signal = name, "shutdown requested");
    token.cancel();
    // Keep both streams: dropping them would not restore the default action, but says what is meant.
    loop {
        tokio::select! {
            _ = terminate.recv() => {},
            _ = interrupt.recv() => {},
        }
    }
}
