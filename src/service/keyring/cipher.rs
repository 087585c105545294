//! The primitives: XChaCha20-Poly1305 with random nonces, HKDF and HMAC over SHA-256.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::service::keyring::{Key, KeyError};

/// 192 random bits: they never meet again under one key.
pub(super) type Nonce = [u8; 24];

/// Joins parts so that no two lists of parts give the same bytes.
pub(super) fn parts(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend((part.len() as u64).to_be_bytes());
        joined.extend(*part);
    }
    joined
}

/// Nonce, ciphertext and tag.
pub(super) fn seal(key: &Key, nonce: &Nonce, associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, KeyError> {
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: plaintext, aad: associated };
    let sealed = cipher.encrypt(&XNonce::from(*nonce), payload);
    // Fails for more than 256 GiB only.
    let sealed = sealed.map_err(|_| KeyError::Damaged("a plaintext".to_owned()))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

/// The plaintext; none when anything is not as it was sealed.
pub(super) fn open(key: &Key, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<24>()?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: body, aad: associated };
    cipher.decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
}

/// A key from a key.
pub(super) fn derive(key: &Key, info: &[u8]) -> Key {
    let mut derived = Key::default();
    // Fails only for an output of more than 255 hashes.
    let filled = Hkdf::<Sha256>::new(None, &**key).expand(info, &mut *derived);
    debug_assert!(filled.is_ok(), "32 bytes are one hash");
    derived
}

/// A hash that only who has the key can compute, over parts.
pub(super) fn keyed_hash(key: &Key, of: &[&[u8]]) -> [u8; 32] {
    // HMAC pads a key with zeros to a block of its hash.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key.iter()).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new((&*block).into());
    for part in of {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// draft-irtf-cfrg-xchacha-03, appendix A.3.1.
    #[test]
    fn the_cipher_is_the_one_of_the_draft() {
        let plaintext =
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen \
            would be it.";
        let key: [u8; 32] = std::array::from_fn(|at| 0x80 + u8::try_from(at).unwrap());
        let nonce: Nonce = std::array::from_fn(|at| 0x40 + u8::try_from(at).unwrap());
        let associated = hex::decode("50515253c0c1c2c3c4c5c6c7").unwrap();
        let sealed = seal(&Zeroizing::new(key), &nonce, &associated, plaintext).unwrap();
        let expected = "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c2\
                        16cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e\
                        c0875924c1c7987947deafd8780acf49";
        assert_eq!(hex::encode(&sealed[24..]), expected);
        assert_eq!(open(&Zeroizing::new(key), &associated, &sealed).unwrap().as_slice(), plaintext);
    }

    /// RFC 5869, test case 3: no salt. Its output is longer; the first 32 bytes are the same.
    #[test]
    fn derivation_is_hkdf() {
        let key = Zeroizing::new([0x0b; 32]);
        assert_ne!(derive(&key, b"a"), derive(&key, b"b"));
        let (mut ours, mut whole) = (derive(&key, b""), [0; 42]);
        Hkdf::<Sha256>::new(None, &[0x0b; 32]).expand(&[], &mut whole).unwrap();
        assert_eq!(ours.as_mut_slice(), &whole[..32]);
    }

    #[test]
    fn no_two_lists_of_parts_are_the_same_bytes() {
        assert_ne!(parts(&[b"ab", b"c"]), parts(&[b"a", b"bc"]));
        assert_ne!(parts(&[b"ab"]), parts(&[b"ab", b""]));
        let key = Zeroizing::new([7; 32]);
        assert_ne!(keyed_hash(&key, &[b"ab", b"c"]), keyed_hash(&key, &[b"a", b"bc"]));
        assert_eq!(keyed_hash(&key, &[b"ab", b"c"]), keyed_hash(&key, &[b"ab", b"c"]));
    }
}
