//! Structs that the caller fills. They begin with their size and only grow, so that a program and a library of
//! different versions understand each other.

use crate::error::{Error, Result};

/// Such a struct.
///
/// # Safety
/// It is `repr(C)`, its first field is `struct_size: usize`, and all bits zero are a value of it.
pub unsafe trait Growing: Copy {
    /// Its name in C.
    const NAME: &'static str;
}

/// More than any struct will ever have: such a size was never set.
const MAX_SIZE: usize = 64 * 1024;

/// Reads a struct that must be there.
///
/// # Safety
/// `pointer` is NULL, or the struct there is as long as it says and nobody changes it meanwhile.
pub unsafe fn required<T: Growing>(pointer: *const T) -> Result<T> {
    // SAFETY: the caller's promise is the same.
    let read = unsafe { optional(pointer) }?;
    read.ok_or_else(|| Error::invalid(format!("the {} is NULL: give one", T::NAME)))
}

/// Reads a struct that may be left out.
///
/// # Safety
/// As for [`required`].
pub unsafe fn optional<T: Growing>(pointer: *const T) -> Result<Option<T>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: it is not NULL, and every such struct has at least its size.
    let size = unsafe { pointer.cast::<usize>().read_unaligned() };
    // This is the first version of each struct. A later one, which is longer, will take this size as well, and fill up
    // with zeros.
    let known = size_of::<T>();
    if size < known || size > MAX_SIZE {
        return Err(Error::invalid(format!(
            "struct_size {size} of the {} is wrong (it has {known} bytes): begin with {}_INIT or {}_init",
            T::NAME,
            T::NAME.to_uppercase(),
            T::NAME
        )));
    }
    // SAFETY: the caller promises that it is as long as it says, and it says at least `known`.
    let beyond = unsafe { std::slice::from_raw_parts(pointer.cast::<u8>().add(known), size - known) };
    if beyond.iter().any(|byte| *byte != 0) {
        return Err(Error::invalid(format!(
            "the {} has {size} bytes and sets a field that this library does not have: leave it out, or use a newer \
             library",
            T::NAME
        )));
    }
    // SAFETY: as above; the trait says that whatever integers and pointers C put there are a value of it.
    Ok(Some(unsafe { pointer.read_unaligned() }))
}

/// Checks a field that fills a struct up, so that the next version's first new field lies behind its end: the bytes
/// between its last field and its end are whatever the caller's compiler left there.
pub fn unused(name: &str, value: i32) -> Result<()> {
    match value {
        0 => Ok(()),
        other => Err(Error::invalid(format!("{name} is {other}: leave it 0, or use a newer library"))),
    }
}

/// Zeroes the caller's struct, which has `size` bytes, and writes the size into it.
///
/// # Safety
/// `pointer` is NULL or has `size` bytes that nobody else uses meanwhile.
pub unsafe fn init<T: Growing>(pointer: *mut T, size: usize) {
    if pointer.is_null() || !(size_of::<usize>()..=MAX_SIZE).contains(&size) {
        return;
    }
    // SAFETY: it is not NULL, and the caller promises that it has `size` bytes, enough for the size itself.
    unsafe {
        pointer.cast::<u8>().write_bytes(0, size);
        pointer.cast::<usize>().write_unaligned(size);
    }
}

/// The same with values in the fields that the caller's struct has.
///
/// # Safety
/// As for [`init`].
pub unsafe fn fill<T: Growing>(pointer: *mut T, size: usize, values: T) {
    // SAFETY: the caller's promise is the same.
    unsafe { init(pointer, size) };
    if pointer.is_null() || !(size_of::<usize>()..=MAX_SIZE).contains(&size) {
        return;
    }
    let (known, first) = (size.min(size_of::<T>()), size_of::<usize>());
    let source = (&raw const values).cast::<u8>();
    // SAFETY: the caller's struct has `size` bytes and `values` has `known`, of which the first, the size, is written
    // already.
    unsafe { source.add(first).copy_to_nonoverlapping(pointer.cast::<u8>().add(first), known - first) };
}

/// A struct of zeros.
pub fn zeroed<T: Growing>() -> T {
    // SAFETY: the trait says that all bits zero are a value of it.
    unsafe { std::mem::zeroed() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[derive(Clone, Copy, Debug)]
    #[repr(C)]
    struct tieback_sample {
        struct_size: usize,
        number: i64,
    }

    // SAFETY: `repr(C)`, begins with its size, and zero is a value of integers.
    unsafe impl Growing for tieback_sample {
        const NAME: &'static str = "tieback_sample";
    }

    /// What a program has whose header knows two more fields.
    #[derive(Clone, Copy)]
    #[repr(C)]
    struct Newer {
        base: tieback_sample,
        more: i64,
        flag: i32,
    }

    fn read(newer: &Newer) -> Result<tieback_sample> {
        // SAFETY: `Newer` is as long as any size given to it below, or the size is refused.
        unsafe { required((&raw const *newer).cast::<tieback_sample>()) }
    }

    fn newer(struct_size: usize) -> Newer {
        Newer { base: tieback_sample { struct_size, number: 7 }, more: 0, flag: 0 }
    }

    #[test]
    fn sizes_that_no_version_has_are_refused() {
        for size in [0, 1, 8, size_of::<tieback_sample>() - 1, usize::MAX] {
            let error = read(&newer(size)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.message().contains("TIEBACK_SAMPLE_INIT"), "{}", error.message());
        }
        assert_eq!(read(&newer(size_of::<tieback_sample>())).unwrap().number, 7);
    }

    #[test]
    fn fields_of_a_newer_header_are_taken_as_long_as_they_are_zero() {
        let mut given = newer(size_of::<Newer>());
        // Padding is part of what must be zero.
        // SAFETY: the whole struct is overwritten.
        unsafe { init(&raw mut given, size_of::<Newer>()) };
        assert_eq!(given.base.struct_size, size_of::<Newer>());
        assert_eq!(read(&given).unwrap().number, 0);
        given.more = 1;
        assert!(read(&given).unwrap_err().message().contains("does not have"));
    }

    // SAFETY: `repr(C)`, begins with the size of its base, and zero is a value of integers.
    unsafe impl Growing for Newer {
        const NAME: &'static str = "newer";
    }
}
