use super::*;

/// An ELF header with one program header of the given type.
fn elf(machine: u16, kind: u32) -> Vec<u8> {
    let mut file = vec![0; 64 + 56];
    file[..6].copy_from_slice(&MAGIC);
    file[18..20].copy_from_slice(&machine.to_le_bytes());
    file[32..40].copy_from_slice(&64_u64.to_le_bytes());
    file[54..56].copy_from_slice(&56_u16.to_le_bytes());
    file[56..58].copy_from_slice(&1_u16.to_le_bytes());
    file[64..68].copy_from_slice(&kind.to_le_bytes());
    file
}

#[test]
fn what_needs_a_loader_is_refused() {
    assert_eq!(check_static(&elf(62, 1)), Ok(()));
    assert_eq!(check_static(&elf(62, 3)), Err(NotStatic::Dynamic));
    assert_eq!(check_static(&elf(183, 1)), Err(NotStatic::OtherMachine));
    assert_eq!(check_static(b"#!/bin/sh"), Err(NotStatic::NotElf));
    assert_eq!(check_static(&elf(62, 1)[..40]), Err(NotStatic::NotElf));
}

/// This test itself is linked against the system's C library.
#[test]
fn a_real_dynamic_binary_is_recognised() {
    let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(check_static(&own), Err(NotStatic::Dynamic));
}
