//! Calls on many items: what fails a check is its own answer, the rest go to the store in one call.

use crate::error::{Error, ErrorKind, Result};

/// Refuses a call on too many items.
///
/// # Errors
/// `invalid_argument`.
pub fn check_count(what: &str, count: usize, most: usize) -> Result<()> {
    if count <= most {
        return Ok(());
    }
    Err(Error::invalid(format!("{count} {what} are too many for one call: give at most {most}")))
}

/// Has the good items done in one call and puts the answers back in the order of the items. The call is made even with
/// no good item: it tells whether what the items belong to is there.
///
/// # Errors
/// Those of the call as a whole.
pub fn one_answer_each<T, U>(
    checked: Vec<Result<T>>,
    call: impl FnOnce(&[T]) -> Result<Vec<Result<U>>>,
) -> Result<Vec<Result<U>>> {
    let mut good = Vec::with_capacity(checked.len());
    let places: Vec<Result<()>> = checked.into_iter().map(|one| one.map(|one| good.push(one))).collect();
    let mut done = call(&good)?.into_iter();
    let lost = || Error::new(ErrorKind::Internal, "the store gave fewer answers than items");
    Ok(places.into_iter().map(|place| place.and_then(|()| done.next().unwrap_or_else(|| Err(lost())))).collect())
}

/// The same answers, with the operation in those that are errors.
pub fn each_during<T>(operation: &'static str, answers: Vec<Result<T>>) -> Vec<Result<T>> {
    answers.into_iter().map(|answer| answer.map_err(|error| error.during(operation))).collect()
}

/// The answer of a call on many that was made with one item.
pub fn only_answer<T>(answers: Result<Vec<Result<T>>>) -> Result<T> {
    answers?.pop().unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "the store gave no answer")))
}
