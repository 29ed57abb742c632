//! What a request is. Pure.

use hyper::{Method, Uri};

/// A request's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Read,
    Watch,
    Write,
}

impl Asked {
    pub(super) fn of(method: &Method, uri: &Uri) -> Self {
        if !method.is_safe() {
            return Self::Write;
        }
        let watches = uri
            .query()
            .is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
        if watches { Self::Watch } else { Self::Read }
    }

    pub(super) fn is_write(self) -> bool {
        self == Self::Write
    }

    pub(super) fn is_watch(self) -> bool {
        self == Self::Watch
    }
}
