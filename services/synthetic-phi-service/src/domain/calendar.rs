//! Days counted from [`AS_OF`], so that a life is arithmetic on small numbers.

use jiff::civil::Date;
use jiff::{Span, Unit};

use super::AS_OF;

/// Days after [`AS_OF`]; negative before it.
pub(super) type Day = i32;

/// The date of a day.
pub(super) fn date(day: Day) -> Date {
    AS_OF.saturating_add(Span::new().days(day))
}

/// The day of a date.
pub(super) fn day(date: Date) -> Day {
    AS_OF
        .until((Unit::Day, date))
        .map(|span| span.get_days())
        .unwrap_or_default()
}

/// The same date so many years before.
pub(super) fn years_before(date: Date, years: i32) -> Date {
    date.saturating_sub(Span::new().years(years))
}
