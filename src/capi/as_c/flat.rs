//! The flat ABI: buffers of every size, numbers at odd addresses, and one variable given twice.

use std::sync::{Arc, Mutex, PoisonError};

use super::*;

/// The process keeps a few rests only: tests that read some on do it one after another.
pub static RESTS: Mutex<()> = Mutex::new(());

pub fn engine_number() -> i32 {
    handle::number_of_engine(Arc::new(Engine::in_memory())).unwrap()
}

pub const HOOK: &CStr = c"{\"scope\": {\"company_id\": 1}, \"hook\": {\"namespace\": \"caf\xc3\xa9\"}}";

/// A call whose buffer ends where its allocation ends. Gives the status, the text, and both numbers.
pub fn call(number: i32, operation: &CStr, json: *const c_char, capacity: usize) -> (i32, String, i32, i32) {
    let mut buffer = vec![0x55u8; capacity];
    let (mut needed, mut rest) = (-1, -1);
    let out = buffer.as_mut_ptr().cast();
    let size = i32::try_from(capacity).unwrap();
    let status = tieback_call(number, operation.as_ptr(), json, out, size, &raw mut needed, &raw mut rest);
    let written = CStr::from_bytes_until_nul(&buffer).map_or(String::new(), |text| text.to_str().unwrap().to_owned());
    (status, written, needed, rest)
}

#[test]
fn answer_is_whole_in_pieces_of_every_size() {
    let _alone = RESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let number = engine_number();
    let (status, whole, needed, rest) = call(number, c"hook_create", HOOK.as_ptr(), 4096);
    assert_eq!((status, rest), (TIEBACK_INVALID_ARGUMENT as i32, 0));
    assert!(whole.contains("café"), "{whole}");
    assert_eq!(needed as usize, whole.len());
    for capacity in [0, 1, 2, whole.find('é').unwrap() + 2, whole.len(), whole.len() + 1] {
        let (_, mut text, needed, rest) = call(number, c"hook_create", HOOK.as_ptr(), capacity);
        assert_eq!(needed as usize, whole.len());
        assert_eq!(rest == 0, capacity > whole.len(), "{capacity}");
        while text.len() < whole.len() {
            let mut piece = vec![0u8; 40];
            let (offset, mut left) = (i32::try_from(text.len()).unwrap(), 0);
            let status = tieback_read(rest, offset, piece.as_mut_ptr().cast(), 40, &raw mut left);
            assert_eq!(status, 0);
            text += CStr::from_bytes_until_nul(&piece).unwrap().to_str().unwrap();
        }
        assert_eq!(text, whole);
        let mut left = -1;
        assert_eq!(tieback_read(rest, 0, ptr::null_mut(), 0, &raw mut left), TIEBACK_NOT_FOUND as i32);
        assert_eq!(left, 0);
    }
    assert_eq!(call(number, c"engine_close", ptr::null(), 64).0, 0);
    assert_eq!(call(number, c"stats", ptr::null(), 64).0, TIEBACK_CLOSED as i32);
}

#[test]
fn numbers_may_lie_anywhere_and_be_one_variable() {
    let number = engine_number();
    let mut buffer = vec![0u8; 4096];
    let out: *mut c_char = buffer.as_mut_ptr().cast();
    let mut packed = vec![0u8; 9];
    let place = packed.as_mut_ptr();
    let (needed, rest) = (place.wrapping_add(1).cast(), place.wrapping_add(5).cast());
    assert_eq!(tieback_call(number, c"stats".as_ptr(), ptr::null(), out, 4096, needed, rest), 0);
    let length = i32::from_ne_bytes(packed[1..5].try_into().unwrap());
    assert_eq!(CStr::from_bytes_until_nul(&buffer).unwrap().count_bytes(), length as usize);
    assert_eq!(packed[5..], 0i32.to_ne_bytes());

    // `rest` is written last.
    let out: *mut c_char = buffer.as_mut_ptr().cast();
    let mut both = -1;
    let place = &raw mut both;
    assert_eq!(tieback_call(number, c"stats".as_ptr(), ptr::null(), out, 4096, place, place), 0);
    assert_eq!(both, 0);
    call(number, c"engine_close", ptr::null(), 64);
}

#[test]
fn answer_may_go_where_the_question_was() {
    let number = engine_number();
    let mut buffer = vec![b' '; 4096];
    buffer[..HOOK.count_bytes()].copy_from_slice(HOOK.to_bytes());
    buffer[4095] = 0;
    let both: *mut c_char = buffer.as_mut_ptr().cast();
    let (mut needed, mut rest) = (-1, -1);
    let status = tieback_call(number, c"hook_create".as_ptr(), both, both, 4096, &raw mut needed, &raw mut rest);
    assert_eq!((status, rest), (TIEBACK_INVALID_ARGUMENT as i32, 0));
    let text = CStr::from_bytes_until_nul(&buffer).unwrap().to_str().unwrap();
    assert!(text.starts_with("{\"error\":") && text.contains("café"), "{text}");
    call(number, c"engine_close", ptr::null(), 64);
}

#[test]
fn call_without_its_numbers_does_nothing() {
    let number = engine_number();
    let mut one = -1;
    let (none, place): (*mut i32, *mut i32) = (ptr::null_mut(), &raw mut one);
    let name = c"engine_close".as_ptr();
    for (needed, rest) in [(none, place), (place, none), (none, none)] {
        let status = tieback_call(number, name, ptr::null(), ptr::null_mut(), 0, needed, rest);
        assert_eq!((status, one), (TIEBACK_INVALID_ARGUMENT as i32, -1));
    }
    assert_eq!(tieback_read(1, 0, ptr::null_mut(), 0, none), TIEBACK_INVALID_ARGUMENT as i32);
    assert_eq!(call(number, c"engine_close", ptr::null(), 64).0, 0);
}

#[test]
fn oldest_rests_make_room() {
    let _alone = RESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let number = engine_number();
    let rests: Vec<i32> = (0..70).map(|_| call(number, c"stats", c"{".as_ptr(), 0).3).collect();
    let look = |rest| {
        let mut left = 0;
        tieback_read(rest, 0, ptr::null_mut(), 0, &raw mut left)
    };
    let kept = rests.iter().map(|rest| look(*rest) == 0).collect::<Vec<_>>();
    assert_eq!(kept, [[false; 6].as_slice(), &[true; 64]].concat());
    call(number, c"engine_close", ptr::null(), 64);
}
