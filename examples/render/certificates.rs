//! Whether a proxy can use a TLS Secret: HAProxy refuses its whole configuration for one bad certificate, so the
//! template asks first.
//!
//! The judgement is on the strict side: only what [rustls](rustls::crypto::ring) can read and OpenSSL accepts at its
//! usual security level passes. Dates and names are not looked at: an expired certificate is served, as HAProxy does.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

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
        strong_enough(certificate)
            .map_err(|problem| format!("certificate {} {problem}", position + 1))?;
    }
    match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
        Ok(_) => Ok(()),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err("the key does not match the certificate".to_owned())
        }
        Err(rustls::Error::InvalidCertificate(_)) => {
            Err("the certificate cannot be read".to_owned())
        }
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
        matches!(
            label,
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PARAMETERS"
        )
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
    if !pem
        .bytes()
        .all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'))
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
    pem.split("-----BEGIN")
        .skip(1)
        .map(|rest| rest.split("-----").next().unwrap_or("").trim())
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
        return Err("has a weak or unknown signature algorithm".to_owned());
    }

    // version, serial number, signature, issuer, validity, subject: the key is what follows them
    let mut fields = body;
    for tag in [VERSION, INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, SEQUENCE] {
        fields = fields.take(tag).ok_or_else(unreadable)?.1;
    }
    let key = fields.enter(SEQUENCE).ok_or_else(unreadable)?;
    let (algorithm, key) = key.take(SEQUENCE).ok_or_else(unreadable)?;
    let (algorithm, parameters) = algorithm.take(OBJECT_ID).ok_or_else(unreadable)?;
    let strong = match algorithm.0 {
        RSA => rsa_bits(key).ok_or_else(unreadable)? >= 2048,
        ELLIPTIC => parameters
            .take(OBJECT_ID)
            .is_some_and(|(curve, _)| STRONG_CURVES.contains(&curve.0)),
        ED25519 => true,
        _ => return Err("has a key of an unknown kind".to_owned()),
    };
    if strong {
        Ok(())
    } else {
        Err("has a key that is too small".to_owned())
    }
}

fn rsa_bits(key: Der<'_>) -> Option<usize> {
    let (bits, _) = key.take(BIT_STRING)?;
    let inside = Der(bits.0.strip_prefix(&[0])?).enter(SEQUENCE)?;
    let (modulus, _) = inside.take(INTEGER)?;
    let digits = modulus.0.strip_prefix(&[0]).unwrap_or(modulus.0);
    Some(digits.len() * 8 - digits.first()?.leading_zeros() as usize)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const VERSION: u8 = 0xa0;

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

/// A run of DER elements; reading one gives its content and what follows it.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn take(self, expected: u8) -> Option<(Der<'a>, Der<'a>)> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits
                    .iter()
                    .fold(0, |sum, &digit| sum << 8 | usize::from(digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        (tag == expected).then_some((Der(content), Der(rest)))
    }

    fn enter(self, expected: u8) -> Option<Der<'a>> {
        self.take(expected).map(|(content, _)| content)
    }
}
