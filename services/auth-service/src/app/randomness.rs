//! Random bytes. I/O: they are the operating system's.

use aws_lc_rs::rand;

use super::error::Failure;

/// Bytes that nobody can guess.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Failure::Internal("the operating system gave no random bytes"))?;
    Ok(bytes)
}
