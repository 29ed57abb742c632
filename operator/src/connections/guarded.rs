//! A connection on which nothing is sent once leadership has run out.

use std::io::{Error, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};

use crate::leader::{Fence, Fenced};

/// Looks at the fence with every write to the socket. A request that passed the fence waits for its connection's turn; a
/// process that is stopped in between (SIGSTOP, a frozen machine) would send it when it goes on.
#[derive(Debug)]
pub(super) struct Guarded<T> {
    connection: T,
    fence: Option<Fence>,
}

impl<T> Guarded<T> {
    /// Guarded where there is a fence.
    pub(super) const fn new(connection: T, fence: Option<Fence>) -> Self {
        Self { connection, fence }
    }

    fn may_send(&self) -> Result<()> {
        let is_over = self.fence.as_ref().is_some_and(Fence::has_run_out);
        if is_over {
            Err(Error::other(Fenced))
        } else {
            Ok(())
        }
    }
}

impl<T: Read + Unpin> Read for Guarded<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_read(cx, into)
    }
}

impl<T: Write + Unpin> Write for Guarded<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        self.may_send()?;
        Pin::new(&mut self.connection).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.may_send()?;
        Pin::new(&mut self.connection).poll_write_vectored(cx, bytes)
    }
}

impl<T: Connection> Connection for Guarded<T> {
    fn connected(&self) -> Connected {
        self.connection.connected()
    }
}
