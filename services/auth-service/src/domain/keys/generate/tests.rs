use secrecy::ExposeSecret;
use service_kit::auth::{Algorithm, SigningKey};

use super::{GenerateError, pkcs8};

#[test]
fn keys_of_every_algorithm_can_sign_and_no_two_are_alike() {
    for algorithm in Algorithm::ALL {
        if algorithm == Algorithm::Hs256 {
            assert_eq!(
                pkcs8(algorithm).map(|_| ()),
                Err(GenerateError::NoKeyPairs("HS256"))
            );
            continue;
        }
        let ids = [(); 2].map(|()| {
            let key = SigningKey::from_pkcs8(algorithm, pkcs8(algorithm).unwrap().expose_secret()).unwrap();
            key.id().unwrap().to_owned()
        });
        assert_ne!(ids[0], ids[1], "{algorithm:?}");
    }
}
