//! The floor: the least system calls that it takes to decide by content, with a parser that knows only what `data.rs`
//! writes. No safety, no report.

use std::ffi::CString;
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, unlinkat};

/// Threads.
const THREADS: usize = 2;

/// Names that a thread takes at a time.
const BATCH: usize = 256;

/// Lists, opens, reads and closes every file, and removes what has expired if it is to.
pub(super) fn floor(path: &Path, delete: bool) {
    let dir = openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).unwrap();
    let names = names(&dir);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut expired = 0u64;
        let mut buffer = [MaybeUninit::uninit(); 8192];
        while let Some(batch) = names.chunks(BATCH).nth(next.fetch_add(1, Ordering::Relaxed)) {
            for name in batch {
                let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let Ok(file) = openat(&dir, name, flags, Mode::empty()) else { continue };
                let Ok((bytes, _)) = rustix::io::read(&file, &mut buffer) else { continue };
                let end = end(bytes);
                drop(file);
                if end.is_some_and(|end| u64::from(end) < now) {
                    expired += 1;
                    if delete {
                        unlinkat(&dir, name, AtFlags::empty()).unwrap();
                    }
                }
            }
        }
        expired
    };
    let expired: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("{} files, {expired} expired", names.len());
}

fn names(dir: &OwnedFd) -> Vec<CString> {
    let mut buffer = vec![MaybeUninit::uninit(); 32 * 1024];
    let mut entries = RawDir::new(dir, &mut buffer);
    let mut names = Vec::new();
    while let Some(entry) = entries.next() {
        let name = entry.unwrap().file_name().to_owned();
        if !name.to_bytes().starts_with(b".") {
            names.push(name);
        }
    }
    names
}

fn end(bytes: &[u8]) -> Option<u32> {
    const KEY: &[u8] = b"U\x07expiresJ";
    let at = bytes.windows(KEY.len()).position(|window| window == KEY)?;
    Some(u32::from_le_bytes(*bytes.get(at + KEY.len()..)?.first_chunk()?))
}

/// Reads every file, one after the other, as a script would.
pub(super) fn plain(dir: &Path) {
    let read = fs::read_dir(dir).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap().len());
    println!("{} bytes", read.sum::<usize>());
}
