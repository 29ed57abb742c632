//! Instants as PostgreSQL's `timestamptz`: microseconds since 2000, so what is read back is rounded to the microsecond. What
//! one side knows and the other does not is the first or the last instant of that other: it is never an error.

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgRow, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Row, Type};

/// 2000-01-01T00:00:00Z, where PostgreSQL counts from, in microseconds of Unix time.
const EPOCH: i64 = 946_684_800_000_000;

/// The first instant that PostgreSQL knows, in the year 4714 before ours.
const FIRST: i64 = -211_813_488_000_000_000;

/// An instant on its way to or from the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct At(pub(super) Timestamp);

impl Type<Postgres> for At {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl PgHasArrayType for At {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1185))
    }
}

impl Encode<'_, Postgres> for At {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let since_epoch = self.0.as_microsecond().saturating_sub(EPOCH).max(FIRST);
        <i64 as Encode<Postgres>>::encode(since_epoch, buffer)
    }
}

impl Decode<'_, Postgres> for At {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let since_epoch = <i64 as Decode<Postgres>>::decode(value)?;
        let beyond = |_| {
            if since_epoch < 0 {
                Timestamp::MIN
            } else {
                Timestamp::MAX
            }
        };
        let at = Timestamp::from_microsecond(since_epoch.saturating_add(EPOCH));
        Ok(Self(at.unwrap_or_else(beyond)))
    }
}

/// The instant in a column.
pub(super) fn instant(row: &PgRow, column: &str) -> Result<Timestamp, sqlx::Error> {
    Ok(row.try_get::<At, _>(column)?.0)
}

/// The instant in a column that may be empty.
pub(super) fn instant_if_any(row: &PgRow, column: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<At>, _>(column)?.map(|at| at.0))
}
