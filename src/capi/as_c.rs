//! The exported functions as C calls them, on engines in memory: without a file and without the network, so that Miri
//! can watch every step (`make miri`). What they are given lies in allocations that are exactly as long as promised.

use std::ffi::{CStr, CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use super::boundary::guard;
use super::delivery_list::*;
use super::delivery_query::*;
use super::engine::*;
use super::error::*;
use super::event_options::*;
use super::flat::*;
use super::handle;
use super::hook::*;
use super::hook_list::*;
use super::hook_options::*;
use super::operate::tieback_engine_redeliver;
use super::publish::*;
use super::published::*;
use super::scope::*;
use super::service::*;
use super::sized::Growing;
use super::status::tieback_status::{self, *};
use super::string::tieback_string_free;
use super::trigger::*;
use super::trigger_list::*;
use super::{bulk::*, delivery::*, event::*, stats::*};
use crate::engine::Engine;

mod filling;
mod flat;
mod many;
mod padded;
mod told;

/// An engine in memory, and its service.
struct House {
    engine: *mut tieback_engine,
    service: *mut tieback_service,
}

type OutPlace<'a, T> = Option<&'a mut MaybeUninit<*mut T>>;

impl House {
    fn open() -> Self {
        let engine = handle::of_engine(Engine::in_memory());
        Self { engine, service: made(|out, error| tieback_engine_service(engine, out, error)) }
    }

    /// A hook with two headers, one signing secret and a trigger.
    fn hook(&self, scope: &tieback_scope, namespace: &CStr) -> *mut tieback_hook {
        let (names, values) = (texts(&["Authorization", "X-Site"]), texts(&["Bearer 0123456789", "north"]));
        let secrets = texts(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]);
        let (names, values, secrets) = (pointers(&names), pointers(&values), pointers(&secrets));
        let options = tieback_hook_options {
            namespace_: namespace.as_ptr(),
            payload_version: c"v2.0".as_ptr(),
            destination_url: c"https://erp.example.com/events".as_ptr(),
            header_names: names.as_ptr(),
            header_values: values.as_ptr(),
            header_count: names.len(),
            signing_secrets: secrets.as_ptr(),
            signing_secret_count: secrets.len(),
            ..begun(tieback_hook_options_init)
        };
        let hook = made(|out, error| tieback_hook_create(self.service, scope, &options, out, error));
        let id = tieback_hook_id(borrowed(hook));
        let (resource, event) = (c"RFIs".as_ptr(), c"update".as_ptr());
        let trigger = made(|out, error| tieback_trigger_create(self.service, scope, id, resource, event, out, error));
        assert_eq!(text(tieback_trigger_resource_name(borrowed(trigger))), "RFIs");
        assert_eq!(text(tieback_trigger_hook_id(borrowed(trigger))), text(id));
        tieback_trigger_free(owned(trigger));
        hook
    }

    fn publish(&self, resource_id: &CStr) -> *mut tieback_published {
        let event = event(resource_id);
        made(|out, error| tieback_publish(self.engine, &event, out, error))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        tieback_service_free(self.service);
        tieback_engine_close(self.engine);
    }
}

fn event(resource_id: &CStr) -> tieback_event_options {
    tieback_event_options {
        company_id: 1,
        resource_name: c"RFIs".as_ptr(),
        resource_id: resource_id.as_ptr(),
        event_type: c"update".as_ptr(),
        ..begun(tieback_event_options_init)
    }
}

/// A struct as its `_init` function leaves it.
fn begun<T>(init: extern "C" fn(*mut T, usize)) -> T {
    let mut place = MaybeUninit::<T>::uninit();
    init(place.as_mut_ptr(), size_of::<T>());
    // SAFETY: the function has written all of it, and zeros are a value of each such struct.
    unsafe { place.assume_init() }
}

/// What a call gives.
fn made<T>(call: impl FnOnce(OutPlace<'_, T>, OutPlace<'_, tieback_error>) -> tieback_status) -> *mut T {
    let (mut out, mut error) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    let status = call(Some(&mut out), Some(&mut error));
    // SAFETY: the call has written both.
    let (out, error) = unsafe { (out.assume_init(), error.assume_init()) };
    assert_eq!(status, TIEBACK_OK, "{}", text(tieback_error_message(borrowed(error))));
    assert!(error.is_null());
    out
}

/// That a call fails, with and without a place for the error.
fn fails<T>(
    status: tieback_status,
    mut call: impl FnMut(OutPlace<'_, T>, OutPlace<'_, tieback_error>) -> tieback_status,
) {
    let (mut out, mut error) = (MaybeUninit::uninit(), MaybeUninit::uninit());
    assert_eq!(call(Some(&mut out), None), status);
    assert_eq!(call(Some(&mut out), Some(&mut error)), status);
    // SAFETY: the call has written both.
    let (out, error) = unsafe { (out.assume_init(), error.assume_init()) };
    assert!(out.is_null());
    assert_eq!(tieback_error_status(borrowed(error)), status);
    assert!(!text(tieback_error_message(borrowed(error))).is_empty());
    assert!(text(tieback_error_to_json(borrowed(error))).starts_with('{'));
    tieback_error_free(owned(error));
}

fn borrowed<'a, T>(object: *const T) -> Option<&'a T> {
    // SAFETY: the tests give objects that they have not freed yet.
    unsafe { object.as_ref() }
}

fn owned<T>(object: *mut T) -> Option<Box<T>> {
    // SAFETY: the tests give objects that a call made and nobody has freed.
    (!object.is_null()).then(|| unsafe { Box::from_raw(object) })
}

fn text(pointer: *const c_char) -> String {
    assert!(!pointer.is_null());
    // SAFETY: a getter gave it, of an object that is not freed yet.
    unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned()
}

fn texts(all: &[&str]) -> Vec<CString> {
    all.iter().map(|one| CString::new(*one).unwrap()).collect()
}

fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    texts.iter().map(|text| text.as_ptr()).collect()
}

#[test]
fn objects_show_what_they_hold_until_they_are_freed() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    let hook = house.hook(&scope, c"acme");
    let seen = borrowed(hook);
    assert_eq!(text(tieback_hook_namespace(seen)), "acme");
    assert_eq!(text(tieback_hook_company_id(seen)), "1");
    assert!(tieback_hook_project_id(seen).is_null());
    assert_eq!((tieback_hook_header_count(seen), tieback_hook_signing_secret_count(seen)), (2, 1));
    assert_eq!(text(tieback_hook_header_name(seen, 1)), "X-Site");
    assert_eq!(text(tieback_hook_header_value(seen, 0)), "*****56789");
    for beyond in [2, usize::MAX] {
        assert!(tieback_hook_header_name(seen, beyond).is_null());
        assert!(tieback_hook_header_value(seen, beyond).is_null());
        assert!(tieback_hook_signing_secret(seen, beyond).is_null());
    }
    tieback_hook_free(owned(hook));

    let published = house.publish(c"7");
    assert_eq!(tieback_published_deliveries(borrowed(published)), 1);
    assert!(tieback_published_no_delivery(borrowed(published)).is_null());
    tieback_published_free(owned(published));
    let figures = made(|out, error| tieback_engine_stats(house.engine, out, error));
    assert_eq!((tieback_stats_hooks(borrowed(figures)), tieback_stats_queued(borrowed(figures))), (1, 1));
    tieback_stats_free(owned(figures));
}

#[test]
fn json_that_several_threads_ask_for_is_made_once_and_kept() {
    let house = House::open();
    let hook = house.hook(&tieback_scope_company(1), c"acme");
    let seen = borrowed(hook);
    let asked = std::thread::scope(|threads| {
        let ask = || threads.spawn(move || tieback_hook_to_json(seen).addr());
        [ask(), ask(), ask()].map(|thread| thread.join().unwrap())
    });
    assert_eq!(asked, [tieback_hook_to_json(seen).addr(); 3]);
    // Any thread may free it.
    let address = owned(hook);
    std::thread::spawn(move || tieback_hook_free(address)).join().unwrap();
}

#[test]
fn lists_lend_their_items_and_walks_give_theirs_away() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    for namespace in [c"a", c"b", c"c"] {
        tieback_hook_free(owned(house.hook(&scope, namespace)));
    }
    let query = tieback_hook_query { limit: 2, ..begun(tieback_hook_query_init) };
    let page = made(|out, error| tieback_hook_list(house.service, &scope, &query, out, error));
    let seen = borrowed(page);
    assert_eq!(tieback_hooks_len(seen), 2);
    assert_eq!(text(tieback_hook_namespace(tieback_hooks_at(seen, 1))), "b");
    assert!(tieback_hooks_at(seen, 2).is_none() && tieback_hooks_at(seen, usize::MAX).is_none());
    let next = tieback_hook_query { after: tieback_hooks_next_page(seen), ..query };
    let last = made(|out, error| tieback_hook_list(house.service, &scope, &next, out, error));
    assert_eq!(tieback_hooks_len(borrowed(last)), 1);
    assert!(tieback_hooks_next_page(borrowed(last)).is_null());
    tieback_hooks_free(owned(page));
    tieback_hooks_free(owned(last));

    let walk = made(|out, error| tieback_hook_iter_new(house.service, &scope, &query, out, error));
    // SAFETY: this is the only one who uses it.
    let step = || made(|out, error| tieback_hook_iter_next(unsafe { walk.as_mut() }, out, error));
    let hooks = [step(), step(), step()];
    assert!(step().is_null() && step().is_null());
    tieback_hook_iter_free(owned(walk));
    assert_eq!(hooks.map(|hook| text(tieback_hook_namespace(borrowed(hook)))), ["a", "b", "c"]);
    hooks.into_iter().for_each(|hook| tieback_hook_free(owned(hook)));
}

#[test]
fn walk_over_a_closed_engine_says_so_and_is_freed() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    let hook = house.hook(&scope, c"a");
    let id = tieback_hook_id(borrowed(hook));
    let walk = made(|out, error| tieback_delivery_iter_new(house.service, &scope, id, ptr::null(), out, error));
    let triggers = made(|out, error| tieback_trigger_iter_new(house.service, &scope, id, 0, ptr::null(), out, error));
    tieback_engine_close(house.engine);
    // SAFETY: this is the only one who uses them.
    unsafe {
        fails(TIEBACK_CLOSED, |out, error| tieback_delivery_iter_next(walk.as_mut(), out, error));
        fails(TIEBACK_CLOSED, |out, error| tieback_trigger_iter_next(triggers.as_mut(), out, error));
    }
    fails(TIEBACK_CLOSED, |out, error| tieback_hook_show(house.service, &scope, id, out, error));
    fails(TIEBACK_CLOSED, |out, error| tieback_engine_stats(house.engine, out, error));
    tieback_delivery_iter_free(owned(walk));
    tieback_trigger_iter_free(owned(triggers));
    tieback_hook_free(owned(hook));
}

#[test]
fn many_events_have_an_answer_each() {
    let house = House::open();
    let scope = tieback_scope_company(1);
    let hook = house.hook(&scope, c"a");
    let id = tieback_hook_id(borrowed(hook));
    let (good, bad) = (event(c"7"), tieback_event_options { resource_id: ptr::null(), ..event(c"8") });
    let events = [&raw const good, &raw const bad, ptr::null()];
    let answers = made(|out, error| tieback_publish_many(house.engine, events.as_ptr(), 3, out, error));
    let seen = borrowed(answers);
    assert_eq!(tieback_bulk_len(seen), 3);
    let statuses = [0, 1, 2, 3, usize::MAX].map(|index| tieback_bulk_status(seen, index));
    assert_eq!(statuses[0], TIEBACK_OK);
    assert!(statuses[1..].iter().all(|status| *status == TIEBACK_INVALID_ARGUMENT));
    assert!(text(tieback_error_message(tieback_bulk_error(seen, 1))).contains("resource_id"));
    assert!(tieback_bulk_error(seen, 0).is_none() && tieback_bulk_error(seen, usize::MAX).is_none());
    assert_eq!(tieback_published_deliveries(tieback_bulk_published(seen, 0)), 1);
    assert!(tieback_bulk_published(seen, 2).is_none() && tieback_bulk_trigger(seen, 0).is_none());
    tieback_bulk_free(owned(answers));

    let deliveries = made(|out, error| tieback_delivery_list(house.service, &scope, id, ptr::null(), out, error));
    let delivery = tieback_deliveries_at(borrowed(deliveries), 0);
    assert_eq!(text(tieback_delivery_status(delivery)), "enqueued");
    assert_eq!(text(tieback_event_resource_id(tieback_delivery_event(delivery))), "7");
    assert!(tieback_delivery_attempt(delivery, 0).is_none());
    let delivery_id = tieback_delivery_id(delivery);
    let redeliver = |out: OutPlace<'_, c_char>, error: OutPlace<'_, tieback_error>| {
        tieback_engine_redeliver(house.engine, &scope, id, delivery_id, out, error)
    };
    fails(TIEBACK_CONFLICT, redeliver);
    let skipped = super::operate::tieback_engine_skip(house.engine, &scope, id, delivery_id, None);
    assert_eq!(skipped, TIEBACK_OK);
    let again = made(redeliver);
    assert_ne!(text(again), text(delivery_id));
    tieback_string_free(again);
    tieback_deliveries_free(owned(deliveries));
    tieback_hook_free(owned(hook));
}

#[test]
fn text_of_the_callers_own_may_be_cut_before_it_is_freed() {
    for given in ["", "a", "0123456789"] {
        let text = super::kept::Kept::new(given).into_raw();
        assert_eq!(self::text(text), given);
        // As `strtok` does.
        // SAFETY: the text has at least its NUL, and is the caller's.
        unsafe { text.write(0) };
        tieback_string_free(text);
    }
}

#[test]
fn nothing_is_freed_twice_and_null_is_nothing() {
    tieback_hook_free(None);
    tieback_error_free(None);
    tieback_string_free(ptr::null_mut());
    tieback_engine_close(ptr::null_mut());
    tieback_service_free(ptr::null_mut());
    assert_eq!(text(tieback_error_message(None)), "");
    assert!(tieback_hook_id(None).is_null() && tieback_hooks_at(None, 0).is_none());
    let house = House::open();
    tieback_service_free(house.service);
    tieback_engine_close(house.engine);
    fails(TIEBACK_CLOSED, |out, error| tieback_engine_service(house.engine, out, error));
}

#[test]
fn thread_that_ends_may_still_call() {
    struct Last;

    thread_local!(static LAST: Last = const { Last });

    impl Drop for Last {
        fn drop(&mut self) {
            // Dropped after what the library keeps for this thread, which was made later.
            fails(TIEBACK_INVALID_ARGUMENT, |out, error| tieback_engine_service(ptr::null(), out, error));
            assert_eq!(guard(-1, || panic!("a panic on purpose, in a thread that ends")), -1);
        }
    }

    let thread = std::thread::spawn(|| {
        LAST.with(|_| {});
        assert_eq!(guard(-1, || panic!("a panic on purpose, in a thread that goes on")), -1);
    });
    thread.join().unwrap();
}
