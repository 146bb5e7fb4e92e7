//! Numbers as text in protocol 0, and as bytes in protocol 2.
//!
//! Python's own readers disagree on unusual spellings: `010` is eight for cPickle and ten for pickle.py. So
//! this module accepts only what Python's writers write: decimal digits with an optional sign. All other
//! texts are errors.

use num_bigint::BigInt;

use super::error::ReadErrorKind;
use super::limits::{Limits, Meter};
use super::value::Node;

/// The argument of INT. `01` and `00` are the bools of protocol 0. A number over 64 bits is a long, as in
/// Python 2.
pub(super) fn int_line(line: &[u8], limits: &Limits, meter: &mut Meter) -> Result<Node, ReadErrorKind> {
    match line {
        b"00" => return Ok(Node::Bool(false)),
        b"01" => return Ok(Node::Bool(true)),
        _ => {}
    }
    let digits = decimal(line)?;
    match digits.parse::<i64>() {
        Ok(number) => Ok(Node::Int(number)),
        Err(_) => big(digits, limits, meter).map(Node::Long),
    }
}

/// The argument of LONG: digits and an `L` at the end, in Python 2 and in Python 3.
pub(super) fn long_line(line: &[u8], limits: &Limits, meter: &mut Meter) -> Result<Node, ReadErrorKind> {
    let digits = decimal(line.strip_suffix(b"L").unwrap_or(line))?;
    big(digits, limits, meter).map(Node::Long)
}

/// The index of GET and PUT.
pub(super) fn index_line(line: &[u8]) -> Result<u64, ReadErrorKind> {
    let error = ReadErrorKind::Argument("a memo index");
    let text = std::str::from_utf8(line).map_err(|_| error.clone())?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(error);
    }
    text.parse().map_err(|_| error)
}

/// The argument of FLOAT. A number too large for a double is an error, as in cPickle and `_pickle.c`.
pub(super) fn float_line(line: &[u8]) -> Result<f64, ReadErrorKind> {
    let error = ReadErrorKind::Argument("a decimal float");
    let text = std::str::from_utf8(line).map_err(|_| error.clone())?;
    let number: f64 = text.parse().map_err(|_| error.clone())?;
    if number.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(error);
    }
    Ok(number)
}

/// Little-endian two's complement, as in LONG1 and LONG4. Zero has no bytes.
pub(super) fn long_bytes(bytes: &[u8], limits: &Limits) -> Result<BigInt, ReadErrorKind> {
    if bytes.len() > limits.bigint {
        return Err(ReadErrorKind::Limit("size of an integer"));
    }
    Ok(BigInt::from_signed_bytes_le(bytes))
}

/// Checks `[+-]?(0|[1-9][0-9]*)`.
fn decimal(line: &[u8]) -> Result<&str, ReadErrorKind> {
    let error = ReadErrorKind::Argument("a decimal integer");
    let text = std::str::from_utf8(line).map_err(|_| error.clone())?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain && (digits == "0" || !digits.starts_with('0')) { Ok(text) } else { Err(error) }
}

fn big(digits: &str, limits: &Limits, meter: &mut Meter) -> Result<BigInt, ReadErrorKind> {
    // A byte needs log10(256) = 2.408 digits.
    if digits.len() as u64 > limits.bigint as u64 * 2409 / 1000 + 2 {
        return Err(ReadErrorKind::Limit("size of an integer"));
    }
    // The conversion time is quadratic in the number of words of 19 digits.
    let words = digits.len() as u64 / 19;
    meter.charge(words * words / 8)?;
    digits.parse().map_err(|_| ReadErrorKind::Argument("a decimal integer"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(line: &str) -> Option<Node> {
        int_line(line.as_bytes(), &Limits::default(), &mut Meter::new(1 << 20)).ok()
    }

    fn long(line: &str) -> Option<Node> {
        long_line(line.as_bytes(), &Limits::default(), &mut Meter::new(1 << 22)).ok()
    }

    #[test]
    fn int_line_is_an_int_bool_or_long() {
        assert_eq!(int("00"), Some(Node::Bool(false)));
        assert_eq!(int("01"), Some(Node::Bool(true)));
        assert_eq!(int("1"), Some(Node::Int(1)));
        assert_eq!(int("-0"), Some(Node::Int(0)));
        assert_eq!(int("9223372036854775807"), Some(Node::Int(i64::MAX)));
        assert_eq!(int("-9223372036854775808"), Some(Node::Int(i64::MIN)));
        assert_eq!(int("9223372036854775808"), Some(Node::Long(BigInt::from(1u64 << 63))));
        for bad in ["", "-", "010", "0x10", "1L", " 1", "1 ", "1_0", "١", "1.0", "002"] {
            assert_eq!(int(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn small_longs_are_read_as_long() {
        assert_eq!(long("0L"), Some(Node::Long(BigInt::ZERO)));
        assert_eq!(long("-5"), Some(Node::Long(BigInt::from(-5))));
        for bad in ["L", "", "1LL", "L1", "00L"] {
            assert_eq!(long(bad), None, "{bad:?}");
        }
        assert!(long(&"9".repeat(70_000)).is_some());
        assert_eq!(long(&"9".repeat(170_000)), None);
    }

    #[test]
    fn float_line_is_a_finite_double_or_an_error() {
        for (line, wanted) in [
            ("1.5", 1.5),
            ("-0.0", -0.0),
            ("inf", f64::INFINITY),
            ("5e-324", 5e-324),
            ("1.", 1.0),
            ("+2", 2.0),
        ] {
            assert_eq!(float_line(line.as_bytes()).unwrap().to_bits(), f64::to_bits(wanted), "{line}");
        }
        assert!(float_line(b"nan").unwrap().is_nan());
        for bad in ["", "1e999", "-1e999", "0x1p3", "1_0", " 1", "1f"] {
            assert!(float_line(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn long_bytes_are_signed_and_little_endian() {
        let limits = Limits::default();
        assert_eq!(long_bytes(b"", &limits), Ok(BigInt::ZERO));
        assert_eq!(long_bytes(b"\xff", &limits), Ok(BigInt::from(-1)));
        assert_eq!(long_bytes(b"\xff\x00", &limits), Ok(BigInt::from(255)));
        assert!(long_bytes(&vec![1; 64 << 10], &limits).is_ok());
        assert!(long_bytes(&vec![1; (64 << 10) + 1], &limits).is_err());
    }
}
