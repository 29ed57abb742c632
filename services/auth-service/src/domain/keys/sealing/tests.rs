use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretSlice};

use super::{KeyEncryptionKey, NONCE_BYTES, SealingError};

const KEY: [u8; 32] = [7; 32];

fn sealed(text: &[u8]) -> Vec<u8> {
    let secret: SecretSlice<u8> = text.to_vec().into();
    let key = KeyEncryptionKey::new(&KEY).unwrap();
    key.seal("kid-1", [9; NONCE_BYTES], &secret).unwrap()
}

fn open(key: &[u8], key_id: &str, sealed: &[u8]) -> Result<Vec<u8>, SealingError> {
    let opened = KeyEncryptionKey::new(key)?.open(key_id, sealed)?;
    Ok(opened.expose_secret().to_vec())
}

#[test]
fn what_was_sealed_is_opened_by_the_same_key_and_name_alone() {
    let sealed = sealed(b"private");
    assert_eq!(open(&KEY, "kid-1", &sealed).unwrap(), b"private");
    assert_eq!(open(&[8; 32], "kid-1", &sealed), Err(SealingError::NotOpened));
    assert_eq!(open(&KEY, "kid-2", &sealed), Err(SealingError::NotOpened));
    assert_eq!(sealed.len(), 1 + NONCE_BYTES + b"private".len() + 16);
    assert!(!sealed.windows(7).any(|window| window == b"private"));
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let sealed = sealed(b"private");
    for bit in 0..sealed.len() * 8 {
        let mut altered = sealed.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            open(&KEY, "kid-1", &altered),
            Err(SealingError::NotOpened),
            "bit {bit}"
        );
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    for length in [0, 16, 31, 33] {
        assert_eq!(
            open(&vec![7; length], "kid-1", &[]),
            Err(SealingError::WrongLength(length))
        );
    }
}

#[test]
fn debug_shows_nothing() {
    let key = KeyEncryptionKey::new(&KEY).unwrap();
    assert_eq!(format!("{key:?}"), "KeyEncryptionKey(..)");
}

proptest! {
    #[test]
    fn any_bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(open(&KEY, "kid-1", &sealed(&bytes)).unwrap(), bytes);
    }

    #[test]
    fn other_bytes_are_not_opened(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(open(&KEY, "kid-1", &bytes), Err(SealingError::NotOpened));
    }
}
