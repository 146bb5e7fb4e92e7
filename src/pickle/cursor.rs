//! A position in the bytes. Checks each length against the remaining bytes before it reads.

use super::error::ReadErrorKind;

#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, offset: 0 }
    }

    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.offset..).unwrap_or_default()
    }

    /// The next `len` bytes.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], ReadErrorKind> {
        let taken = self.rest().get(..len).ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += len;
        Ok(taken)
    }

    /// The next bytes, as many as the file claims.
    pub(super) fn take_claimed(&mut self, len: u64) -> Result<&'a [u8], ReadErrorKind> {
        self.take(usize::try_from(len).map_err(|_| ReadErrorKind::UnexpectedEnd)?)
    }

    /// The bytes up to the next newline, which is consumed and not returned. As in Python, a line must end in
    /// a newline.
    pub(super) fn line(&mut self) -> Result<&'a [u8], ReadErrorKind> {
        let rest = self.rest();
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += end + 1;
        Ok(rest.get(..end).unwrap_or_default())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadErrorKind> {
        let (head, _) = self.rest().split_first_chunk::<N>().ok_or(ReadErrorKind::UnexpectedEnd)?;
        self.offset += N;
        Ok(*head)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ReadErrorKind> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ReadErrorKind> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ReadErrorKind> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, ReadErrorKind> {
        self.array().map(i32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, ReadErrorKind> {
        self.array().map(u64::from_le_bytes)
    }

    /// An IEEE double in network byte order, every bit kept.
    pub(super) fn f64(&mut self) -> Result<f64, ReadErrorKind> {
        self.array().map(f64::from_be_bytes)
    }

    /// Checks that the frame of protocol 4 is complete. Its content is then read like all other bytes, as in
    /// CPython's `_pickle.c`.
    pub(super) fn check_frame(&self, len: u64) -> Result<(), ReadErrorKind> {
        if len > self.rest().len() as u64 { Err(ReadErrorKind::UnexpectedEnd) } else { Ok(()) }
    }
}
