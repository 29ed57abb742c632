//! The body of a watch, which can be held up and cut.

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::sync::watch;

use super::super::fault::Fault;
use super::super::tally::Tally;
use super::{Error, Switches, broken};

struct Watched {
    body: kube::client::Body,
    switches: watch::Receiver<Switches>,
    /// Cuts before this watch began.
    cuts: u64,
    /// Whether a cut ends the answer as the API server would, or breaks the connection.
    in_order: bool,
    tally: Tally,
}

/// What comes next of a watch.
enum Next {
    Frame(Frame<Bytes>),
    Broken(Error),
    End,
    Changed,
}

pub(super) fn body(
    body: kube::client::Body,
    switches: watch::Receiver<Switches>,
    in_order: bool,
    tally: Tally,
) -> UnsyncBoxBody<Bytes, Error> {
    let cuts = switches.borrow().cut;
    let watched = Watched {
        body,
        switches,
        cuts,
        in_order,
        tally,
    };
    BodyExt::boxed_unsync(StreamBody::new(frames(watched).boxed()))
}

fn frames(watched: Watched) -> impl Stream<Item = Result<Frame<Bytes>, Error>> + Send {
    stream::unfold(Some(watched), |state| async move {
        let mut watched = state?;
        loop {
            match watched.next().await {
                Next::Frame(frame) => return Some((Ok(frame), Some(watched))),
                Next::Broken(error) => return Some((Err(error), None)),
                Next::End => return None,
                Next::Changed => {}
            }
        }
    })
}

impl Watched {
    async fn next(&mut self) -> Next {
        let now = self.switches.borrow_and_update().clone();
        if now.cut > self.cuts {
            self.tally.hit(Fault::WatchesCut);
            return if self.in_order {
                Next::End
            } else {
                Next::Broken(broken("watch cut"))
            };
        }
        tokio::select! {
            changed = self.switches.changed() => match changed {
                Ok(()) => Next::Changed,
                Err(_closed) => Next::End,
            },
            frame = self.body.frame(), if !now.cut_off => match frame {
                Some(Ok(frame)) => Next::Frame(frame),
                Some(Err(error)) => Next::Broken(Error(error.to_string())),
                None => Next::End,
            },
        }
    }
}
