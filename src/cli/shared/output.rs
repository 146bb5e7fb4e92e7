//! Standard output, of which a failure is told.

use std::io::{self, Write};
use std::os::fd::AsFd;

use rustix::fs::{OFlags, fcntl_getfl};

/// Standard output where nothing can be written is an error to whoever writes there: the standard library takes what
/// the kernel then says (EBADF) for done. One that was closed altogether it has opened as `/dev/null` before `main`.
pub(crate) struct Output<W> {
    to: W,
    writable: bool,
}

impl<W: Write> Output<W> {
    /// Writes to `to`, which writes to `descriptor`.
    pub(crate) fn new(to: W, descriptor: impl AsFd) -> Self {
        let mode = fcntl_getfl(descriptor).map(|flags| flags & OFlags::ACCMODE);
        Output { to, writable: !matches!(mode, Ok(OFlags::RDONLY)) }
    }

    fn check(&self) -> io::Result<()> {
        if self.writable { Ok(()) } else { Err(rustix::io::Errno::BADF.into()) }
    }
}

impl<W: Write> Write for Output<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.check()?;
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
