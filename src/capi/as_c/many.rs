//! What else C gives by pointer: arrays of many items, JSON, bytes of an event, options of an engine.

use super::*;
use crate::capi::engine_options::{self, *};
use crate::capi::operate::*;
use crate::capi::resource_list::*;
use crate::capi::time::*;

#[test]
fn triggers_are_made_and_deleted_by_arrays_at_any_address() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    let hook = house.hook(&scope, c"a");
    let id = tieback_hook_id(borrowed(hook));
    let (names, events) = (texts(&["Submittals", "RFIs"]), texts(&["create", "delete"]));
    let place = |pointers: &[*const c_char]| {
        // A record without padding: one byte, then the array to the end of the allocation.
        let mut record = vec![0u8; 1 + size_of_val(pointers)];
        let first = record[1..].as_mut_ptr().cast::<*const c_char>();
        for (index, pointer) in pointers.iter().enumerate() {
            // SAFETY: there is room for all of them.
            unsafe { first.add(index).write_unaligned(*pointer) };
        }
        record
    };
    let array = |record: &[u8]| record[1..].as_ptr().cast::<*const c_char>();
    let (names, events) = (place(&pointers(&names)), place(&pointers(&events)));
    let call = |out: OutPlace<'_, tieback_bulk>, error: OutPlace<'_, tieback_error>| {
        tieback_trigger_create_many(house.service, &scope, id, array(&names), array(&events), 2, out, error)
    };
    let bulk = made(call);
    assert_eq!(text(tieback_trigger_event_type(tieback_bulk_trigger(borrowed(bulk), 1))), "delete");
    assert!(tieback_bulk_trigger(borrowed(bulk), 2).is_none());

    let ids = [0, 1].map(|index| tieback_trigger_id(tieback_bulk_trigger(borrowed(bulk), index)));
    let ids = place(&ids);
    let gone = made(|out, error| tieback_trigger_delete_many(house.service, &scope, id, array(&ids), 2, out, error));
    assert!(text(tieback_bulk_to_json(borrowed(gone))).contains("deleted"));
    tieback_bulk_free(owned(gone));
    tieback_bulk_free(owned(bulk));
    for count in [1, usize::MAX] {
        fails(TIEBACK_INVALID_ARGUMENT, |out, error| {
            tieback_trigger_delete_many(house.service, &scope, id, ptr::null(), count, out, error)
        });
    }

    let json = c"[{\"resource_name\": \"Submittals\", \"event_type\": \"create\"}]";
    let service = house.service;
    let bulk = made(|out, error| tieback_trigger_create_many_from_json(service, &scope, id, json.as_ptr(), out, error));
    let made_one = tieback_trigger_id(tieback_bulk_trigger(borrowed(bulk), 0));
    assert_eq!(tieback_trigger_delete(service, &scope, id, made_one, None), TIEBACK_OK);
    tieback_bulk_free(owned(bulk));
    let page = made(|out, error| tieback_trigger_list(service, &scope, id, 0, ptr::null(), out, error));
    assert_eq!(tieback_triggers_len(borrowed(page)), 1);
    tieback_triggers_free(owned(page));
    tieback_hook_free(owned(hook));
}

#[test]
fn objects_are_made_of_json() {
    let house = House::open();
    let (scope, service) = (tieback_scope_company(1), house.service);
    let json = c"{\"namespace\": \"a\", \"payload_version\": \"v4.0\", \"destination_url\": \"https://a.example/\"}";
    let hook = made(|out, error| tieback_hook_create_from_json(service, &scope, json.as_ptr(), out, error));
    let id = tieback_hook_id(borrowed(hook));
    let change = c"{\"namespace\": \"b\"}".as_ptr();
    let changed = made(|out, error| tieback_hook_update_from_json(service, &scope, id, change, out, error));
    assert_eq!(text(tieback_hook_namespace(borrowed(changed))), "b");
    tieback_hook_free(owned(changed));

    let trigger = made(|out, error| {
        tieback_trigger_create(service, &scope, id, c"RFIs".as_ptr(), c"update".as_ptr(), out, error)
    });
    tieback_trigger_free(owned(trigger));
    let one = c"{\"company_id\": 1, \"resource_name\": \"RFIs\", \"resource_id\": 7, \"event_type\": \"update\"}";
    let published = made(|out, error| tieback_publish_from_json(house.engine, one.as_ptr(), out, error));
    let seen = borrowed(published);
    assert_eq!((tieback_published_hook_count(seen), text(tieback_published_hook_id(seen, 0))), (1, text(id)));
    assert!(tieback_published_hook_id(seen, 1).is_null() && tieback_published_hook_id(seen, usize::MAX).is_null());
    tieback_published_free(owned(published));
    let list = CString::new(format!("[{}, 7]", one.to_str().unwrap())).unwrap();
    let bulk = made(|out, error| tieback_publish_many_from_json(house.engine, list.as_ptr(), out, error));
    assert_eq!(tieback_bulk_status(borrowed(bulk), 1), TIEBACK_INVALID_ARGUMENT);
    tieback_bulk_free(owned(bulk));

    for call in [tieback_engine_pause, tieback_engine_resume, tieback_engine_retry_now] {
        assert_eq!(call(house.engine, &scope, id, None), TIEBACK_OK);
    }
    let test = made(|out, error| tieback_engine_send_test(house.engine, &scope, id, out, error));
    tieback_published_free(owned(test));
    assert_eq!(tieback_hook_delete(service, &scope, id, None), TIEBACK_OK);
    tieback_hook_free(owned(hook));
}

#[test]
fn payload_is_read_to_its_last_byte_and_no_further() {
    let payload = br#"{"id": "1", "resource_type": "RFIs", "reason": "update", "event_type": "update"}"#;
    for shift in [0, 1] {
        // Neither NUL nor room behind it.
        let place = [&vec![b'{'; shift], payload.as_slice()].concat().into_boxed_slice();
        let given = &place[shift..];
        let event = made(|out, error| tieback_event_parse(given.as_ptr(), given.len(), out, error));
        drop(place);
        let seen = borrowed(event);
        assert!(!text(tieback_event_type(seen)).is_empty() && !text(tieback_event_to_json(seen)).is_empty());
        for beyond in [tieback_event_related_count(seen), usize::MAX] {
            assert!(tieback_event_related_id(seen, beyond).is_null());
            assert!(tieback_event_related_name(seen, beyond).is_null());
        }
        tieback_event_free(owned(event));
    }
    let dangling = ptr::without_provenance(1);
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_event_parse(ptr::null(), 4, out, error));
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_event_parse(dangling, usize::MAX, out, error));
    fails(TIEBACK_PROTOCOL, |out, error| tieback_event_parse(dangling, 0, out, error));
}

#[test]
fn options_of_an_engine_are_begun_filled_and_read() {
    for size in [0, 8, size_of::<tieback_engine_options>()] {
        let mut place = vec![0xa5u8; size + 1];
        tieback_engine_options_defaults(place.as_mut_ptr().cast(), size);
        assert_eq!(place[0] == 0xa5, size == 0, "{size}");
        assert_eq!(place.last(), Some(&0xa5), "{size}");
    }
    let networks = CString::new("10.20.0.0/16, fd00::/8").unwrap();
    let key = CString::new("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    let given = tieback_engine_options {
        path: c"store.db".as_ptr(),
        allow_networks: networks.as_ptr(),
        store_key: key.as_ptr(),
        ..begun(tieback_engine_options_defaults)
    };
    // SAFETY: all texts are there.
    unsafe {
        engine_options::read(&raw const given).unwrap();
        let nameless = tieback_engine_options { path: ptr::null(), ..given };
        assert!(engine_options::read(&raw const nameless).err().unwrap().message().contains("path is NULL"));
        assert!(engine_options::read(ptr::null()).is_err());
    }
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_engine_open(ptr::null(), out, error));
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_engine_open_from_json(c"{".as_ptr(), out, error));
}

#[test]
fn resources_are_listed_and_walked() {
    // A store in memory has no catalogue.
    let house = House::open();
    let (scope, service, version) = (tieback_scope_company(1), house.service, c"v4.0".as_ptr());
    let page = made(|out, error| tieback_resource_list(service, &scope, version, 2, ptr::null(), out, error));
    assert_eq!(tieback_resources_len(borrowed(page)), 0);
    assert!(tieback_resources_at(borrowed(page), 0).is_none());
    tieback_resources_free(owned(page));
    let walk = made(|out, error| tieback_resource_iter_new(service, &scope, version, 2, ptr::null(), out, error));
    // SAFETY: this is the only one who uses it.
    let none = made(|out, error| tieback_resource_iter_next(unsafe { walk.as_mut() }, out, error));
    assert!(none.is_null());
    tieback_resource_iter_free(owned(walk));
    fails(TIEBACK_INVALID_ARGUMENT, |out, error| {
        tieback_resource_list(service, &scope, c"v1".as_ptr(), 0, ptr::null(), out, error)
    });
}

#[test]
fn moments_are_read_and_written_into_the_callers_room() {
    let mut micros = MaybeUninit::uninit();
    assert_eq!(tieback_time_parse(c"2026-11-24T17:00:00Z".as_ptr(), Some(&mut micros), None), TIEBACK_OK);
    // SAFETY: the call has written it.
    let micros = unsafe { micros.assume_init() };
    let written = made(|out, error| tieback_time_format(micros, out, error));
    assert!(text(written).starts_with("2026-11-24T17:00:00"));
    tieback_string_free(written);
}
