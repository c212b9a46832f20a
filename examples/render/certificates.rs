//! Whether a proxy can use a TLS Secret: HAProxy refuses its whole configuration for one bad certificate, so the
//! template asks first.
//!
//! The judgement is on the strict side: only what [rustls](rustls::crypto::ring) can read and OpenSSL accepts at its
//! usual security level passes. Dates and names are not looked at: an expired certificate is served, as HAProxy does.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::der::{
    BIT_STRING, Der, EXTENSIONS, IA5_STRING, INTEGER, OBJECT_ID, PRINTABLE_STRING, SEQUENCE, SET, TIMES, UTF8_STRING,
    VERSION,
};

/// Tells why `certificates` (a PEM chain, the server's own first) and `key` (its PEM private key) cannot be used
/// together, or `None` when they can.
///
/// ```text
/// {% set problem = certificate_problem(crt, key) %}
/// {% if problem is defined %}# skipped: {{ problem }}{% endif %}
/// ```
pub fn certificate_problem(certificates: &str, key: &str) -> Option<String> {
    examine(certificates, key).err()
}

fn examine(certificates: &str, key: &str) -> Result<(), String> {
    let chain = read_chain(certificates)?;
    let key = read_key(key)?;
    for (position, certificate) in chain.iter().enumerate() {
        strong_enough(certificate).map_err(|problem| format!("certificate {} {problem}", position + 1))?;
    }
    match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => Err("the key does not match the certificate".to_owned()),
        Err(rustls::Error::InvalidCertificate(_)) => Err("the certificate cannot be read".to_owned()),
        Err(_) => Err("the key cannot be read, or is of a kind or size not supported".to_owned()),
    }
}

fn read_chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    plain_pem(pem, "tls.crt", |label| label == "CERTIFICATE")?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| "tls.crt is not PEM".to_owned())?;
    match chain.len() {
        0 => Err("tls.crt holds no certificate".to_owned()),
        found if found != sections(pem).count() => Err("tls.crt is not PEM".to_owned()),
        _ => Ok(chain),
    }
}

fn read_key(pem: &str) -> Result<PrivateKeyDer<'static>, String> {
    plain_pem(pem, "tls.key", |label| {
        matches!(label, "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PARAMETERS")
    })?;
    let mut keys: Vec<_> = PrivateKeyDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| "tls.key is not PEM".to_owned())?;
    match (keys.pop(), keys.len()) {
        (None, _) => Err("tls.key holds no private key".to_owned()),
        (Some(key), 0) => Ok(key),
        _ => Err("tls.key holds several private keys".to_owned()),
    }
}

/// PEM is read by two programs, this one and the proxy. What they could read differently is refused: sections that one
/// of them skips, long lines, bytes that are not text.
fn plain_pem(pem: &str, what: &str, expected: impl Fn(&str) -> bool) -> Result<(), String> {
    if !pem.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
        || pem.lines().any(|line| line.len() > 76)
    {
        return Err(format!("{what} is not PEM"));
    }
    match sections(pem).find(|label| !expected(label)) {
        Some(label) => Err(format!("{what} holds a section {label:?}")),
        None => Ok(()),
    }
}

/// The labels of all sections, wherever on a line they begin.
fn sections(pem: &str) -> impl Iterator<Item = &str> {
    pem.split("-----BEGIN").skip(1).map(|rest| rest.split("-----").next().unwrap_or("").trim())
}

/// What OpenSSL's security level 2, the usual one, asks of every certificate of a chain: a key of 112 bits of security
/// and a signature that does not rest on MD5 or SHA-1.
fn strong_enough(certificate: &[u8]) -> Result<(), String> {
    let unreadable = || "cannot be read".to_owned();
    let outer = Der(certificate).enter(SEQUENCE).ok_or_else(unreadable)?;
    let (body, rest) = outer.take(SEQUENCE).ok_or_else(unreadable)?;
    let signature = rest.enter(SEQUENCE).ok_or_else(unreadable)?;
    let (signature, _) = signature.take(OBJECT_ID).ok_or_else(unreadable)?;
    if !STRONG_SIGNATURES.contains(&signature.0) {
        return Err("has a signature algorithm that is weak or not supported".to_owned());
    }

    let key = key_of(body).ok_or_else(unreadable)?;
    let (algorithm, key) = key.take(SEQUENCE).ok_or_else(unreadable)?;
    let (algorithm, parameters) = algorithm.take(OBJECT_ID).ok_or_else(unreadable)?;
    let strong = match algorithm.0 {
        RSA => rsa_bits(key).ok_or_else(unreadable)? >= 2048,
        ELLIPTIC => parameters.take(OBJECT_ID).is_some_and(|(curve, _)| STRONG_CURVES.contains(&curve.0)),
        ED25519 => true,
        _ => return Err("has a key of a kind not supported".to_owned()),
    };
    if strong { Ok(()) } else { Err("has a key that is too small or of a rare size".to_owned()) }
}

/// The public key of a certificate's body. On the way there the fields are checked that only OpenSSL looks into.
fn key_of(body: Der<'_>) -> Option<Der<'_>> {
    let (_version, rest) = body.take(VERSION)?;
    let (_serial_number, rest) = rest.take(INTEGER)?;
    let (_signature, rest) = rest.take(SEQUENCE)?;
    let (issuer, rest) = rest.take(SEQUENCE)?;
    let (validity, rest) = rest.take(SEQUENCE)?;
    let (subject, rest) = rest.take(SEQUENCE)?;
    let (key, rest) = rest.take(SEQUENCE)?;
    let well_formed = is_validity(validity)?
        && is_name(issuer)?
        && is_name(subject)?
        && are_extensions(rest.enter(EXTENSIONS)?.enter(SEQUENCE)?)?;
    well_formed.then_some(key)
}

/// Pairs of an object id and something encoded, with or without a mark between them.
fn are_extensions(mut extensions: Der<'_>) -> Option<bool> {
    while !extensions.0.is_empty() {
        let (extension, rest) = extensions.take(SEQUENCE)?;
        extensions = rest;
        let (id, _) = extension.take(OBJECT_ID)?;
        if !is_object_id(id) {
            return Some(false);
        }
    }
    Some(true)
}

/// Numbers of several bytes, all but the last of each with the highest bit, none with zeros in front.
fn is_object_id(id: Der<'_>) -> bool {
    let mut fresh = true;
    for &byte in id.0 {
        if fresh && byte == 0x80 {
            return false;
        }
        fresh = byte < 0x80;
    }
    fresh && !id.0.is_empty()
}

/// Two times.
fn is_validity(validity: Der<'_>) -> Option<bool> {
    let (from, _, rest) = validity.any()?;
    let (until, _, rest) = rest.any()?;
    Some([from, until].iter().all(|tag| TIMES.contains(tag)) && rest.0.is_empty())
}

/// A sequence of sets of pairs: an object id and a text, whose encoding is that of its tag.
fn is_name(mut name: Der<'_>) -> Option<bool> {
    while !name.0.is_empty() {
        let (mut set, rest) = name.take(SET)?;
        name = rest;
        while !set.0.is_empty() {
            let (pair, rest) = set.take(SEQUENCE)?;
            set = rest;
            let (id, value) = pair.take(OBJECT_ID)?;
            let (tag, text, rest) = value.any()?;
            let fits = match tag {
                UTF8_STRING => std::str::from_utf8(text.0).is_ok(),
                PRINTABLE_STRING | IA5_STRING => text.0.is_ascii(),
                _ => false,
            };
            if !fits || !is_object_id(id) || !rest.0.is_empty() {
                return Some(false);
            }
        }
    }
    Some(true)
}

fn rsa_bits(key: Der<'_>) -> Option<usize> {
    let (bits, _) = key.take(BIT_STRING)?;
    let inside = Der(bits.0.strip_prefix(&[0])?).enter(SEQUENCE)?;
    let (modulus, _) = inside.take(INTEGER)?;
    let digits = modulus.0.strip_prefix(&[0]).unwrap_or(modulus.0);
    Some(digits.len() * 8 - digits.first()?.leading_zeros() as usize)
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const STRONG_CURVES: [&[u8]; 3] = [
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], // P-256
    &[0x2b, 0x81, 0x04, 0, 0x22],             // P-384
    &[0x2b, 0x81, 0x04, 0, 0x23],             // P-521
];
const STRONG_SIGNATURES: [&[u8]; 7] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], // RSA with SHA-256, 384, 512
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], // ECDSA with SHA-256, 384, 512
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3],
    &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4],
    ED25519,
];

#[cfg(test)]
mod tests {
    use super::*;

    // Made for these tests, and public: use them nowhere else.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUYRwaVQkFYGGertaA3Q81SVjt/NAwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjExMTAxNTdaFw00NjExMTYxMTAxNTda
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARAHb44
/oIweco1zuu/cAD6RvXAs7T2awlqfUm5H8vUnghOR3pDaMCd5u2LQA9903u04+rc
TGnC3DkvLipnN5Bmo1MwUTAdBgNVHQ4EFgQURP85GnQHFS7H0fjPhXQqvmFcdP4w
HwYDVR0jBBgwFoAURP85GnQHFS7H0fjPhXQqvmFcdP4wDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiAf8oMD3oVgEH27Dl3QGAbWJxOrM5zrq2D4JVFK
vTplRgIhAKdU6w9mtKDZiDDBeDybINQmi1BcocjmjsaNDVtyhEMj
-----END CERTIFICATE-----
";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1mRxDw2pbo0N2LzK
Aq+vJa01lzZ5AR3ltscOJZoN1aGhRANCAARAHb44/oIweco1zuu/cAD6RvXAs7T2
awlqfUm5H8vUnghOR3pDaMCd5u2LQA9903u04+rcTGnC3DkvLipnN5Bm
-----END PRIVATE KEY-----
";
    const OTHER_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZaGjMMIW7RYU0y0b
GRuqPbI/OwCu5//I/3qTK47o0zyhRANCAAR7SuvjiGUrE4ncrsgMpvVdjA5FuH7B
muO7v1Bh2qkW57Pj+h0MoY4jNYkx1WHpX5t0/lalroSBSPjuAAjzBJ9d
-----END PRIVATE KEY-----
";
    const SMALL_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIB+jCCAWOgAwIBAgIUFwP23rEmQlR3734+kWYiegTmedwwDQYJKoZIhvcNAQEL
BQAwDzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjExMTAxNTdaFw00NjExMTYxMTAx
NTdaMA8xDTALBgNVBAMMBHRlc3QwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGB
AMu4UXIBNYGuTEo3oRdKoHee81TF/fKpFfw0aPNKegXZ8bWIwXZd46W3u1ea1s/+
HAvwaE7Hryrn7ZJJ0LL8DY+PdDgmJ/DmR+fBeEw3dVNQ/lLCxBh1OVLNc/MqkLNb
8rWZXW63RtzaHzR7fHRj8nU7SCz2aGnhHPtegbJ2DdeRAgMBAAGjUzBRMB0GA1Ud
DgQWBBT3yV5pusXPOTd2eHxq+6BFGdVWnzAfBgNVHSMEGDAWgBT3yV5pusXPOTd2
eHxq+6BFGdVWnzAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4GBAMYs
P9TIh4fK8RRuNoRscfZAmpzuHMx8uW0ZnMND2Sas9PrJBUh5An6ujze9w5U0+sYt
EJLQu3fgrJa6iNarjH1hMAvRh1nFhsDFOylc0KqaYeqKLQfyxxRdD5TvS6x8LXsw
7CyDFFo8miHQd3yAoHCF3nLvmmhnQs8/a5VTVk/u
-----END CERTIFICATE-----
";

    #[test]
    fn a_certificate_and_its_key_can_be_used() {
        assert_eq!(certificate_problem(CERTIFICATE, KEY), None);
        let chain = format!("server\n{CERTIFICATE}issuer\n{CERTIFICATE}");
        assert_eq!(certificate_problem(&chain, KEY), None);
    }

    #[test]
    fn a_key_of_another_certificate_does_not_match() {
        let problem = certificate_problem(CERTIFICATE, OTHER_KEY);
        assert_eq!(problem.as_deref(), Some("the key does not match the certificate"));
    }

    #[test]
    fn a_small_key_is_refused() {
        let problem = certificate_problem(SMALL_CERTIFICATE, KEY).unwrap();
        assert!(problem.contains("too small"), "{problem}");
    }

    #[test]
    fn what_is_missing_or_damaged_is_named() {
        let cut = &CERTIFICATE[..CERTIFICATE.len() / 2];
        let with_key = format!("{KEY}{CERTIFICATE}");
        let two_keys = format!("{KEY}{OTHER_KEY}");
        let cases = [
            ("", KEY, "tls.crt holds no certificate"),
            ("not PEM \u{e9}", KEY, "tls.crt is not PEM"),
            (cut, KEY, "tls.crt is not PEM"),
            (KEY, CERTIFICATE, "tls.crt holds a section \"PRIVATE KEY\""),
            (&with_key, KEY, "tls.crt holds a section \"PRIVATE KEY\""),
            (CERTIFICATE, "", "tls.key holds no private key"),
            (CERTIFICATE, &two_keys, "tls.key holds several private keys"),
        ];
        for (certificates, key, problem) in cases {
            assert_eq!(certificate_problem(certificates, key).as_deref(), Some(problem));
        }
    }

    #[test]
    fn no_damage_to_a_byte_is_a_panic() {
        let der = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        for position in 0..der.len() {
            for bit in 0..8 {
                let mut damaged = der.to_vec();
                damaged[position] ^= 1 << bit;
                let _ = strong_enough(&damaged);
                let _ = strong_enough(&damaged[..position]);
            }
        }
    }
}
