//! Standard output and standard error: the only way there.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::fs::{OFlags, fcntl_getfl};
use rustix::io::Errno;

use crate::report::safe;
use crate::text::{ellipsis, message};

/// Standard output or standard error. Writing never fails: after the first error the rest of the output is dropped, the
/// command goes on, and [`Writer::finish`] returns the error. A reader that has gone (EPIPE) is no error.
///
/// Everything passes [`safe`], but for the bytes that a program reads: [`Writer::whole`].
pub struct Writer {
    to: Box<dyn Write>,
    color: bool,
    width: Option<u16>,
    writable: bool,
    error: Option<io::Error>,
}

/// The width of a terminal, in columns; `None` for a pipe or a file.
fn width(of: &(impl AsFd + IsTerminal)) -> Option<u16> {
    let size = of.is_terminal().then(|| rustix::termios::tcgetwinsize(of).ok()).flatten();
    size.map(|size| size.ws_col).filter(|width| *width > 0)
}

impl Writer {
    /// Standard output; colors pass if `color`.
    pub(crate) fn stdout(color: bool) -> Writer {
        let stdout = io::stdout();
        // The standard library ignores the error of a descriptor that is open for reading only (EBADF), and opens
        // a closed descriptor as `/dev/null` before `main`.
        let mode = fcntl_getfl(&stdout).map(|flags| flags & OFlags::ACCMODE);
        let to = Box::new(io::BufWriter::new(stdout.lock()));
        Writer { to, color, width: width(&stdout), writable: mode != Ok(OFlags::RDONLY), error: None }
    }

    /// Standard error; colors pass if `color`.
    pub(crate) fn stderr(color: bool) -> Writer {
        let (to, width) = (Box::new(io::stderr()), width(&io::stderr()));
        Writer { to, color, width, writable: true, error: None }
    }

    /// Whether colors pass.
    pub fn color(&self) -> bool {
        self.color
    }

    /// The width of the terminal, in columns; `None` for a pipe or a file.
    pub fn width(&self) -> Option<u16> {
        self.width
    }

    /// Writes a message such as `error: TEXT`.
    pub fn message(&mut self, word: &str, text: &str) {
        self.write_text(&message(word, text, self.color, self.width));
    }

    /// Writes a text, as `write!` does: all at once, so that no character and no color is parted.
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        match text.as_str() {
            Some(text) => self.write_text(text),
            None => self.write_text(&text.to_string()),
        }
    }

    /// Writes a text for people, with `...` for `…` where the locale shows only ASCII. JSON and TOML keep the `…`.
    pub(crate) fn write_text(&mut self, text: &str) {
        match text.contains('…') {
            true => self.write_all(text.replace('…', ellipsis()).as_bytes()),
            false => self.write_all(text.as_bytes()),
        }
    }

    /// Writes a whole text.
    pub fn write_all(&mut self, text: &[u8]) {
        self.whole(&safe(text, self.color));
    }

    /// Writes bytes as they are: for a program that reads them from a pipe or a file, never for a terminal.
    pub fn whole(&mut self, bytes: &[u8]) {
        if self.error.is_none() && !bytes.is_empty() {
            let written = if self.writable { self.to.write_all(bytes) } else { Err(Errno::BADF.into()) };
            self.note(written);
        }
    }

    /// Writes what is buffered.
    pub fn flush(&mut self) {
        if self.error.is_none() {
            let flushed = self.to.flush();
            self.note(flushed);
        }
    }

    /// Notes that output was lost.
    pub fn note(&mut self, written: io::Result<()>) {
        self.error = self.error.take().or(written.err());
    }

    /// Writes what is buffered, and ends the output.
    ///
    /// # Errors
    /// The first error, if output was lost on the way to a reader that is still there.
    pub fn finish(&mut self) -> io::Result<()> {
        self.flush();
        match self.error.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("color", &self.color).finish_non_exhaustive()
    }
}
