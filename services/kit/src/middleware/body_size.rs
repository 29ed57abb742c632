use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};

/// Bytes of a body that passed so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Passed(Arc<AtomicU64>);

impl Passed {
    pub(super) fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A body that counts what is read of it.
#[derive(Debug)]
pub(super) struct Counted<F: FnMut(u64)> {
    inner: Body,
    count: F,
}

/// Counts what the service reads of a request's body; nothing to count when it has none.
pub(super) fn count_inbound(body: Body) -> (Body, Option<Passed>) {
    if body.is_end_stream() {
        return (body, None);
    }
    let passed = Passed::default();
    let counter = passed.clone();
    let count = move |bytes| {
        counter.0.fetch_add(bytes, Ordering::Relaxed);
    };
    (Body::new(Counted { inner: body, count }), Some(passed))
}

/// Tells `done` how many bytes the answer's body had: at once when it is known, else when the last is sent or the
/// caller is gone.
pub(super) fn measure_outbound(body: Body, done: impl FnOnce(u64) + Send + Unpin + 'static) -> Body {
    if let Some(bytes) = body.size_hint().exact() {
        done(bytes);
        return body;
    }
    let mut sum = Sum {
        bytes: 0,
        done: Some(done),
    };
    Body::new(Counted {
        inner: body,
        count: move |bytes| sum.add(bytes),
    })
}

/// Reports its sum when it is dropped.
struct Sum<F: FnOnce(u64)> {
    bytes: u64,
    done: Option<F>,
}

impl<F: FnOnce(u64)> Sum<F> {
    const fn add(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl<F: FnOnce(u64)> Drop for Sum<F> {
    fn drop(&mut self) {
        if let Some(done) = self.done.take() {
            done(self.bytes);
        }
    }
}

impl<F: FnMut(u64) + Unpin> HttpBody for Counted<F> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            (self.count)(data.len() as u64);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
