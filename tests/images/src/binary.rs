//! Whether a binary runs in an empty image: statically linked, for x86-64 Linux.

/// Why a binary does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotStatic {
    /// Not an ELF file of 64 bits, little-endian.
    #[error("it is not a 64-bit ELF file")]
    NotElf,
    /// For another processor.
    #[error("it is not for x86-64")]
    OtherMachine,
    /// Asks for a dynamic loader (a `PT_INTERP` program header), which a scratch image does not have.
    #[error("it is dynamically linked; build it for x86_64-unknown-linux-musl")]
    Dynamic,
}

const MAGIC: [u8; 6] = [0x7f, b'E', b'L', b'F', 2, 1];
const MACHINE_X86_64: u16 = 62;
const PT_INTERP: u32 = 3;

/// Reads the ELF header and program headers (System V ABI, chapters 4 and 5).
pub fn check_static(binary: &[u8]) -> Result<(), NotStatic> {
    if !binary.starts_with(&MAGIC) {
        return Err(NotStatic::NotElf);
    }
    if half(binary, 18)? != MACHINE_X86_64 {
        return Err(NotStatic::OtherMachine);
    }
    let start = bytes::<8>(binary, 32).map(u64::from_le_bytes)?;
    let start = usize::try_from(start).map_err(|_| NotStatic::NotElf)?;
    let (size, count) = (usize::from(half(binary, 54)?), usize::from(half(binary, 56)?));
    for number in 0..count {
        let header = start.checked_add(number * size).ok_or(NotStatic::NotElf)?;
        if bytes::<4>(binary, header).map(u32::from_le_bytes)? == PT_INTERP {
            return Err(NotStatic::Dynamic);
        }
    }
    Ok(())
}

fn half(binary: &[u8], at: usize) -> Result<u16, NotStatic> {
    bytes::<2>(binary, at).map(u16::from_le_bytes)
}

fn bytes<const N: usize>(binary: &[u8], at: usize) -> Result<[u8; N], NotStatic> {
    binary
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .copied()
        .ok_or(NotStatic::NotElf)
}

#[cfg(test)]
mod tests;
