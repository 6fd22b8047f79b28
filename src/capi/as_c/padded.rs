//! Fixed fields: exactly as long as they say, without a NUL, at odd addresses, and one where the other is.

use std::sync::PoisonError;

use super::flat::{HOOK, RESTS, call as call_with_nul, engine_number};
use super::*;
use crate::capi::flat_json::*;
use crate::capi::padded::*;

/// A field that ends where its allocation ends. `shift` moves it to an odd address.
struct Field {
    bytes: Vec<u8>,
    shift: usize,
}

impl Field {
    fn of(text: &str, length: usize, shift: usize) -> Self {
        let mut bytes = vec![b' '; shift + length];
        bytes[shift..][..text.len()].copy_from_slice(text.as_bytes());
        Self { bytes, shift }
    }

    fn at(&mut self) -> *mut c_char {
        self.bytes[self.shift..].as_mut_ptr().cast()
    }

    fn length(&self) -> i32 {
        i32::try_from(self.bytes.len() - self.shift).unwrap()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.shift..]).unwrap()
    }

    /// That it has this text and blanks, and nothing was written before it.
    fn shows(&self, text: &str) {
        assert_eq!(self.text(), format!("{text}{}", " ".repeat(self.length() as usize - text.len())));
        assert!(self.bytes[..self.shift].iter().all(|byte| *byte == b' '));
    }
}

/// Numbers of a record without padding, which ends behind the last.
struct Packed<const N: usize>(Vec<u8>);

impl<const N: usize> Packed<N> {
    fn new() -> Self {
        Self(vec![0xff; 1 + 4 * N])
    }

    fn places(&mut self) -> [*mut i32; N] {
        let first = self.0.as_mut_ptr();
        std::array::from_fn(|index| first.wrapping_add(1 + 4 * index).cast())
    }

    fn values(&self) -> [i32; N] {
        std::array::from_fn(|index| i32::from_ne_bytes(self.0[1 + 4 * index..][..4].try_into().unwrap()))
    }
}

fn call(number: i32, operation: &mut Field, json: &mut Field, out: &mut Field) -> (i32, [i32; 3]) {
    let mut numbers = Packed::<3>::new();
    let [written, needed, rest] = numbers.places();
    let (operation_length, json_length, capacity) = (operation.length(), json.length(), out.length());
    let (operation, json, out) = (operation.at(), json.at(), out.at());
    let status = tieback_call_padded(
        number,
        operation,
        operation_length,
        json,
        json_length,
        out,
        capacity,
        written,
        needed,
        rest,
    );
    (status, numbers.values())
}

#[test]
fn fields_are_read_and_filled_to_their_last_byte_and_no_further() {
    let _alone = RESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let number = engine_number();
    let question = HOOK.to_str().unwrap();
    let (_, whole, ..) = call_with_nul(number, c"hook_create", HOOK.as_ptr(), 4096);
    let cut = whole.find('é').unwrap();
    for shift in [0, 1] {
        let mut operation = Field::of("hook_create", "hook_create".len(), shift);
        let mut json = Field::of(question, question.len(), shift);
        for (capacity, fits) in [(0, 0), (1, 1), (cut + 1, cut), (whole.len(), whole.len()), (400, whole.len())] {
            let mut out = Field::of("", capacity.max(fits), shift);
            let (status, [written, needed, rest]) = call(number, &mut operation, &mut json, &mut out);
            assert_eq!(status, TIEBACK_INVALID_ARGUMENT as i32);
            assert_eq!((written as usize, needed as usize, rest == 0), (fits, whole.len(), fits == whole.len()));
            out.shows(&whole[..fits]);
            if fits == whole.len() {
                continue;
            }
            let mut left = Field::of("", whole.len() - fits, shift);
            let mut numbers = Packed::<2>::new();
            let [written, needed] = numbers.places();
            let length = left.length();
            let status = tieback_read_padded(rest, fits as i32, left.at(), length, written, needed);
            assert_eq!((status, numbers.values()), (0, [length, length]));
            left.shows(&whole[fits..]);
            let [written, needed] = numbers.places();
            let gone = tieback_read_padded(rest, 0, left.at(), length, written, needed);
            assert_eq!((gone, numbers.values()), (TIEBACK_NOT_FOUND as i32, [0, 0]));
            left.shows("");
        }
    }
    assert_eq!(call_with_nul(number, c"engine_close", ptr::null(), 64).0, 0);
}

#[test]
fn answer_may_go_into_the_field_of_the_question() {
    let number = engine_number();
    let mut operation = Field::of("hook_create", 30, 1);
    let mut both = Field::of(HOOK.to_str().unwrap(), 400, 1);
    let (place, length) = (both.at(), both.length());
    let mut numbers = Packed::<3>::new();
    let [written, needed, rest] = numbers.places();
    let status = tieback_call_padded(number, operation.at(), 30, place, length, place, length, written, needed, rest);
    let [written, needed, rest] = numbers.values();
    assert_eq!((status, written, rest), (TIEBACK_INVALID_ARGUMENT as i32, needed, 0));
    assert!(both.text().starts_with("{\"error\":") && both.text().contains("café"), "{}", both.text());
    assert_eq!(both.text().trim_end().len(), written as usize);

    // All three numbers are one variable, whose last value is the rest.
    let mut one = -1;
    let number_at = &raw mut one;
    let (name, out) = (c"stats".as_ptr(), both.at());
    let none = ptr::null();
    assert_eq!(tieback_call_padded(number, name, 5, none, 0, out, length, number_at, number_at, number_at), 0);
    assert_eq!(one, 0);
    assert_eq!(call_with_nul(number, c"engine_close", ptr::null(), 64).0, 0);
}

#[test]
fn padded_call_without_its_numbers_or_with_a_wrong_length_reads_and_writes_nothing() {
    let (none, text): (*mut i32, *mut c_char) = (ptr::null_mut(), ptr::without_provenance_mut(1));
    let mut one = -1;
    let place = &raw mut one;
    for [written, needed, rest] in [[none, place, place], [place, none, place], [place, place, none]] {
        let status = tieback_call_padded(0, text, 9, text, 9, text, 9, written, needed, rest);
        assert_eq!((status, one), (TIEBACK_INVALID_ARGUMENT as i32, -1));
    }
    assert_eq!(tieback_read_padded(1, 0, text, 9, none, place), TIEBACK_INVALID_ARGUMENT as i32);
    assert_eq!(tieback_json_text_padded(text, 9, text, 9, text, 9, none), TIEBACK_INVALID_ARGUMENT as i32);
    assert_eq!(tieback_json_put_padded(text, 9, text, 9, text, 9, 0, none), TIEBACK_INVALID_ARGUMENT as i32);
    assert_eq!(one, -1);
    // A negative room takes nothing, a negative length is refused: neither pointer is followed.
    let mut numbers = Packed::<3>::new();
    let [written, needed, rest] = numbers.places();
    let _alone = RESTS.lock().unwrap_or_else(PoisonError::into_inner);
    let status = tieback_call_padded(0, text, -1, text, i32::MIN, ptr::null_mut(), -1, written, needed, rest);
    assert_eq!((status, numbers.values()[0]), (TIEBACK_INVALID_ARGUMENT as i32, 0));
    assert!(numbers.values()[1] > 0 && numbers.values()[2] > 0);
    let status = tieback_json_put_padded(text, -1, text, -1, text, -1, 0, place);
    assert_eq!((status, one), (TIEBACK_INVALID_ARGUMENT as i32, 0));
}

#[test]
fn member_of_a_json_fills_its_field() {
    let json = r#"{"items": [{"name": "café", "n": 12, "none": null}]}"#;
    let cases = [("/items/0/name", "café"), ("/items/0/n", "12"), ("/items/0/none", ""), ("/items/1", "")];
    for (pointer, value) in cases {
        for (shift, room) in [(0, 0), (0, 4), (1, value.len()), (1, 9)] {
            let (mut text, mut at) = (Field::of(json, json.len(), shift), Field::of(pointer, pointer.len(), shift));
            let (mut out, mut numbers) = (Field::of(&"~".repeat(room), room, shift), Packed::<1>::new());
            let ([needed], length) = (numbers.places(), out.length());
            let (text_length, at_length) = (text.length(), at.length());
            let (text, at) = (text.at(), at.at());
            let status = tieback_json_text_padded(text, text_length, at, at_length, out.at(), length, needed);
            assert_eq!(status == TIEBACK_NOT_FOUND as i32, value.is_empty(), "{pointer}");
            assert_eq!(numbers.values(), [value.len() as i32]);
            let fits = (0..=room.min(value.len())).rev().find(|at| value.is_char_boundary(*at)).unwrap();
            out.shows(&value[..fits]);
        }
    }
}

#[test]
fn value_is_put_into_a_field_that_may_be_the_value_itself() {
    let done = r#"{"id":"café"}"#;
    for (shift, room) in [(0, done.len()), (1, done.len() + 3), (1, done.len() - 1)] {
        let (mut json, mut value) = (Field::of("{}", room, shift), Field::of("café", 5, shift));
        let (mut numbers, length) = (Packed::<1>::new(), json.length());
        let [needed] = numbers.places();
        let (pointer, value) = (c"/id".as_ptr(), value.at());
        let status = tieback_json_put_padded(json.at(), length, pointer, 3, value, 5, 0, needed);
        assert_eq!(numbers.values(), [done.len() as i32]);
        let is_room = room >= done.len();
        assert_eq!(status, if is_room { 0 } else { TIEBACK_INVALID_ARGUMENT as i32 });
        json.shows(if is_room { done } else { "{}" });
    }
    let mut both = Field::of("[1]", 20, 1);
    let (place, mut needed) = (both.at(), -1);
    let status = tieback_json_put_padded(place, 20, c"/-".as_ptr(), 2, place, 20, 1, &raw mut needed);
    assert_eq!((status, needed), (0, 7));
    both.shows("[1,[1]]");
}

#[test]
fn members_of_a_json_that_ends_with_a_nul() {
    let json = CString::new(r#"{"name":"café"}"#).unwrap();
    for capacity in [0, 1, 5, 6, 9] {
        let mut place = vec![0x55u8; capacity];
        let mut numbers = Packed::<1>::new();
        let [needed] = numbers.places();
        let (out, room) = (place.as_mut_ptr().cast(), capacity as i32);
        assert_eq!(tieback_json_text(json.as_ptr(), c"/name".as_ptr(), out, room, needed), 0);
        assert_eq!(numbers.values(), [5]);
        let seen = CStr::from_bytes_until_nul(&place).map_or("", |text| text.to_str().unwrap());
        assert_eq!(seen, ["", "", "caf", "café", "café"][[0, 1, 5, 6, 9].iter().position(|c| *c == capacity).unwrap()]);
    }
    let done = "{\"name\":\"x\"}\0";
    for capacity in [done.len(), done.len() + 5, done.len() - 1] {
        let mut place = vec![0u8; capacity];
        let mut numbers = Packed::<1>::new();
        let [needed] = numbers.places();
        let (out, room) = (place.as_mut_ptr().cast(), capacity as i32);
        let status = tieback_json_put(out, room, c"/name".as_ptr(), c"x".as_ptr(), 0, needed);
        assert_eq!((status == 0, numbers.values()), (capacity >= done.len(), [done.len() as i32 - 1]));
        assert_eq!(place.starts_with(done.as_bytes()), status == 0);
        assert_eq!(place[0] == 0, status != 0);
    }
    // The text lies at the end of its field, without a NUL: it is read to the end of the field.
    let mut whole = *b"[1,2]";
    let mut needed = -1;
    let status = tieback_json_put(whole.as_mut_ptr().cast(), 5, c"/0".as_ptr(), ptr::null(), 1, &raw mut needed);
    assert_eq!((status, needed, &whole), (TIEBACK_INVALID_ARGUMENT as i32, 8, b"[1,2]"));
    assert_eq!(
        tieback_json_text(ptr::null(), ptr::null(), ptr::null_mut(), 0, ptr::null_mut()),
        TIEBACK_INVALID_ARGUMENT as i32
    );
}
