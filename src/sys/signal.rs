//! Being asked to stop: SIGINT and SIGTERM.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// The flag of this process, once somebody looks at it.
static STOP: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// A flag that the first SIGINT or SIGTERM sets, for work that ends itself between two files. The second one ends the
/// process at once, as it would have without this.
///
/// Until the first call both signals do what they always do: who does not look at the flag must not take them.
///
/// # Errors
///
/// What the kernel says.
pub fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let mut stop = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(stop) = &*stop {
        return Ok(Arc::clone(stop));
    }
    let asked = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first finds the flag unset.
        flag::register_conditional_default(signal, Arc::clone(&asked))?;
        flag::register(signal, Arc::clone(&asked))?;
    }
    *stop = Some(Arc::clone(&asked));
    Ok(asked)
}

/// Whether somebody looks at that flag and it is set.
pub fn asked_to_stop() -> bool {
    let stop = STOP.lock().unwrap_or_else(PoisonError::into_inner);
    stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
}
