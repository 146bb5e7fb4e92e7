//! Progress of long work: a bar on stderr, on a terminal only, after one second.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shorter work shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the bar is drawn.
const GLANCE: Duration = Duration::from_millis(100);

/// Counts the work; called at most once, and only if the bar is shown. `None` if the number is unknown.
pub type HowMuch = Box<dyn FnOnce() -> Option<u64> + Send>;

/// A bar that is shown until it is dropped.
#[derive(Debug)]
#[must_use = "it is gone as soon as this is dropped"]
pub struct Progress {
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// Shows the growth of `done` from now on; `verb` names the work (`Reading sessions`). While `waits_for` gives a name,
    /// the bar shows that instead. If `shown` is false, nothing happens.
    pub fn begin(
        shown: bool,
        verb: &'static str,
        done: impl Fn() -> u64 + Send + 'static,
        how_much: HowMuch,
        waits_for: impl Fn() -> Option<String> + Send + 'static,
    ) -> Progress {
        if !shown {
            return Progress { drawing: None };
        }
        let (sender, over) = channel::<()>();
        let first = done();
        let draw = move || {
            let is_over = |patience| over.recv_timeout(patience) != Err(RecvTimeoutError::Timeout);
            if is_over(PATIENCE) {
                return;
            }
            let total = how_much();
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
            loop {
                match waits_for() {
                    Some(whom) => {
                        bar.set_style(style(WAITING));
                        bar.set_message(format!("Waiting for {whom}"));
                    }
                    None => {
                        bar.set_style(style(if total.is_some() { BOUNDED } else { UNBOUNDED }));
                        bar.set_message(verb);
                    }
                }
                let count = done().saturating_sub(first);
                // More may have come since it was counted.
                if total.is_some_and(|total| count > total) {
                    bar.set_length(count);
                }
                bar.set_position(count);
                bar.tick();
                if is_over(GLANCE) {
                    break;
                }
            }
            bar.finish_and_clear();
        };
        // Without a thread for it, it is just not shown.
        let drawing = thread::Builder::new().spawn(draw).ok();
        Progress { drawing: drawing.map(|thread| (sender, thread)) }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, thread)) = self.drawing.take() {
            drop(sender);
            // Only drawing could have come to grief.
            let _ = thread.join();
        }
    }
}

const BOUNDED: &str = "{msg} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left";
const UNBOUNDED: &str = "{msg} {spinner} {human_pos}, {per_sec}, {elapsed}";

const WAITING: &str = "{msg} {spinner} {elapsed}";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_are_understood() {
        for template in [BOUNDED, UNBOUNDED, WAITING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn what_is_not_shown_asks_nothing() {
        let asked = || -> Option<u64> { panic!("asked") };
        drop(Progress::begin(false, "", || panic!("asked"), Box::new(asked), || panic!("asked")));
        // Over before anybody could have wanted to see it.
        drop(Progress::begin(true, "", || 0, Box::new(asked), || None));
    }
}
