//! How a watch begins: with what is there. I/O.
//!
//! A watch that begins with all objects (`sendInitialEvents`, KEP-3157) is served from the API server's memory, object by object.
//! The pages of a list after the first are read from etcd: with 5,000 PrometheusRules that cost the API server four
//! seconds of CPU, the stream a third of one. And a page takes many times the memory here of what is kept of it.

use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};
use kube::runtime::watcher::{self, Config, Error, Event};

/// Objects of a list at a time, where the API server streams none.
const PAGE: u32 = 500;

type Events<T> = BoxStream<'static, watcher::Result<Event<T>>>;

/// Events of all objects that there are, then of what changes. `start` begins a watch; it is called once more for an API
/// server that knows lists only.
pub(super) fn events<T, F>(start: F, config: Config) -> impl Stream<Item = watcher::Result<Event<T>>> + Send
where
    T: Send + 'static,
    F: Fn(Config) -> Events<T> + Send + 'static,
{
    let streamed = start(config.clone().streaming_lists());
    let paged = Some((start, config.page_size(PAGE)));
    stream::unfold((streamed, paged), |(mut events, mut paged)| async move {
        loop {
            let event = events.next().await?;
            match (&event, paged.take()) {
                (Err(error), Some((start, config))) if is_unknown_way(error) => events = start(config),
                (_, unused) => return Some((event, (events, unused))),
            }
        }
    })
}

/// What an API server says whose feature gate `WatchList` is off.
fn is_unknown_way(error: &Error) -> bool {
    matches!(error, Error::WatchStartFailed(kube::Error::Api(status)) if matches!(status.code, 400 | 422))
}

#[cfg(test)]
mod tests;
