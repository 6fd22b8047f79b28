//! What C fills and gives: structs of every size, texts, arrays, at addresses that suit nobody.

use super::*;
use crate::capi::text as given;
use crate::error::Result;

/// Reads a struct of `size` bytes that has this beginning; the allocation ends where the struct ends. `shift` moves it
/// to an odd address.
fn read<T: Growing, U>(
    size: usize,
    shift: usize,
    begin: &T,
    last: u8,
    read: unsafe fn(*const T) -> Result<U>,
) -> Result<U> {
    let mut place = vec![0u8; shift + size.max(size_of::<usize>())];
    let bytes = (&raw const *begin).cast::<u8>();
    // SAFETY: as many bytes as both have.
    unsafe { bytes.copy_to_nonoverlapping(place[shift..].as_mut_ptr(), size.min(size_of::<T>())) };
    place[shift..shift + size_of::<usize>()].copy_from_slice(&size.to_ne_bytes());
    if size > size_of::<T>() {
        place[shift + size - 1] = last;
    }
    // SAFETY: the struct is as long as it says, or says less than any has.
    unsafe { read(place[shift..].as_ptr().cast()) }
}

fn every_size<T: Growing, U>(begin: &T, reader: unsafe fn(*const T) -> Result<U>) {
    let known = size_of::<T>();
    for shift in [0, 1] {
        for size in (0..known).step_by(3).chain([known - 1]) {
            let refused = read(size, shift, begin, 0, reader).err().expect("a struct that is too small");
            assert!(refused.message().contains(T::NAME), "{}", refused.message());
        }
        for size in [known, known + 1, known + 40] {
            read(size, shift, begin, 0, reader).unwrap();
        }
        assert!(read(known + 40, shift, begin, 1, reader).is_err());
    }
}

#[test]
fn structs_of_every_size_are_read_no_further_than_they_say() {
    let hook = tieback_hook_options {
        namespace_: c"acme".as_ptr(),
        payload_version: c"v4.0".as_ptr(),
        destination_url: c"https://erp.example.com/events".as_ptr(),
        ..begun(tieback_hook_options_init)
    };
    every_size(&tieback_scope_company(1), super::super::scope::read);
    every_size(&hook, super::super::hook_options::create);
    every_size(&begun(tieback_hook_change_init), super::super::hook_options::update);
    every_size(&begun(tieback_hook_query_init), super::super::hook_options::query);
    every_size(&begun(tieback_delivery_query_init), super::super::delivery_query::read);
    every_size(&event(c"7"), super::super::event_options::read);
}

#[test]
fn struct_is_begun_no_further_than_it_is_long() {
    for size in [0, 1, 7, 8, 9, 40, 64 * 1024 + 1] {
        let mut place = vec![0xa5u8; size.min(48) + 1];
        tieback_hook_options_init(place.as_mut_ptr().cast(), size);
        let is_begun = (size_of::<usize>()..=40).contains(&size);
        assert_eq!(place[0], if is_begun { size as u8 } else { 0xa5 }, "{size}");
        assert_eq!(place.last(), Some(&0xa5), "{size}");
    }
    tieback_hook_options_init(ptr::null_mut(), 40);
}

#[test]
fn fields_that_are_not_used_yet_are_zero() {
    let house = House::open();
    let query = tieback_delivery_query { reserved: 1, ..begun(tieback_delivery_query_init) };
    let scope = tieback_scope_company(1);
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| {
        tieback_delivery_list(house.service, &scope, c"1".as_ptr(), &query, out, error)
    });
}

#[test]
fn texts_end_with_their_nul() {
    let whole = CString::new("naïve").unwrap();
    let broken = CString::new(b"abc\xff".as_slice()).unwrap();
    // SAFETY: they end with a NUL.
    unsafe {
        assert_eq!(given::required("a text", whole.as_ptr()).unwrap(), "naïve");
        assert_eq!(given::optional("a text", ptr::null()).unwrap(), None);
        assert!(given::required("a text", ptr::null()).unwrap_err().message().contains("a text is NULL"));
        let told = given::required("a text", broken.as_ptr()).unwrap_err();
        assert!(told.message().contains("byte 3") && !told.message().contains("abc"), "{}", told.message());
        assert!(given::id("an id", c"".as_ptr()).is_err());
        assert!(given::moment("a moment", c"yesterday".as_ptr()).is_err());
        assert!(given::json("a value", c"{".as_ptr()).is_err());
        assert_eq!(given::json("a value", c"[1]".as_ptr()).unwrap(), Some(serde_json::json!([1])));
        assert!(given::page(-1, ptr::null()).is_err());
    }
}

#[test]
fn arrays_are_read_at_any_address() {
    let names = texts(&["RFIs", "Submittals", "Drawings"]);
    let pointers = pointers(&names);
    for shift in [0, 1, 4] {
        // As a record without padding has it.
        let mut place = vec![0u8; shift + size_of_val(pointers.as_slice())];
        let target = place[shift..].as_mut_ptr().cast::<*const c_char>();
        for (index, pointer) in pointers.iter().enumerate() {
            // SAFETY: there is room for three.
            unsafe { target.add(index).write_unaligned(*pointer) };
        }
        // SAFETY: three were written.
        let read = unsafe { given::array("names", target.cast_const(), 3) }.unwrap();
        assert_eq!(read, pointers);
    }
    // SAFETY: nothing is read of an array that is not taken.
    unsafe {
        assert!(given::array("names", ptr::null::<*const c_char>(), 0).unwrap().is_empty());
        assert!(given::array("names", ptr::null::<*const c_char>(), 1).is_err());
        assert!(given::array("names", pointers.as_ptr(), usize::MAX).is_err());
    }
}

#[test]
fn headers_and_secrets_are_read_with_their_counts() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    let hook = house.hook(&scope, c"a");
    let id = tieback_hook_id(borrowed(hook));
    let (names, values) = (texts(&["X-A", "X-B"]), texts(&["1", "2"]));
    let (names, values) = (pointers(&names), pointers(&values));
    let change = tieback_hook_change {
        header_names: names.as_ptr(),
        header_values: values.as_ptr(),
        header_count: 2,
        clear_signing_secrets: 1,
        ..begun(tieback_hook_change_init)
    };
    let changed = made(|out, error| tieback_hook_update(house.service, &scope, id, &change, out, error));
    assert_eq!(tieback_hook_header_count(borrowed(changed)), 2);
    assert_eq!(tieback_hook_signing_secret_count(borrowed(changed)), 0);
    tieback_hook_free(owned(changed));
    let without_values = tieback_hook_change { header_values: ptr::null(), ..change };
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| {
        tieback_hook_update(house.service, &scope, id, &without_values, out, error)
    });
    tieback_hook_free(owned(hook));
}
