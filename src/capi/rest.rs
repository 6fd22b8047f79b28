//! Answers of the flat ABI that did not fit into their callers' buffers.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::per_process::PerProcess;
use crate::error::{Error, ErrorKind, Result};

/// Those of this process, oldest first.
#[derive(Default)]
pub struct Rests {
    kept: VecDeque<(i32, String)>,
}

impl Rests {
    /// How many are kept.
    const MOST: usize = 64;

    fn lock() -> MutexGuard<'static, Self> {
        static RESTS: PerProcess<Mutex<Rests>> = PerProcess::new();
        RESTS.present().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an answer; gives the number to read it by.
    pub fn keep(answer: String) -> i32 {
        static NEXT: AtomicI32 = AtomicI32::new(1);
        let number =
            NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(last.checked_add(1).unwrap_or(1)));
        let number = number.unwrap_or_else(|last| last);
        let mut rests = Self::lock();
        rests.kept.push_back((number, answer));
        if rests.kept.len() > Self::MOST {
            rests.kept.pop_front();
        }
        number
    }

    /// Has `give` write an answer from `offset` on; forgets it when that was all.
    pub fn read(number: i32, offset: i32, give: impl FnOnce(&str) -> usize) -> Result<()> {
        let mut rests = Self::lock();
        let gone = || {
            Error::new(
                ErrorKind::NotFound,
                format!("rest {number} is not there: it was read to its end, or is too old"),
            )
        };
        let at = rests.kept.iter().position(|(kept, _)| *kept == number).ok_or_else(gone)?;
        let text = usize::try_from(offset).ok().and_then(|offset| rests.kept[at].1.get(offset..));
        let text =
            text.ok_or_else(|| Error::invalid(format!("offset {offset} is not at a character of the answer")))?;
        if give(text) == text.len() {
            rests.kept.remove(at);
        }
        Ok(())
    }
}
