//! The calls, and what each must answer.

use super::*;

impl House {
    pub(super) fn open(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("open");
        let file = bytes.below(FILES);
        let path = self.folder.join(format!("{file}.db"));
        let good = format!("{{\"path\": {path:?}, \"catalogue_accept_any\": true}}");
        let (json, expected) = match bytes.below(6) {
            0 => (CString::new(&good.as_bytes()[..good.len() - 1]).ok(), status::INVALID_ARGUMENT),
            1 => (Some(bytes.text()), status::INVALID_ARGUMENT),
            _ if self.engines.len() >= MOST => (None, status::INVALID_ARGUMENT),
            _ => (CString::new(good).ok(), status::OK),
        };
        let json = json.as_deref().map_or(ptr::null(), CStr::as_ptr);
        let made = call("open", bytes, expected, |out, error| c::tieback_engine_open_from_json(json, out, error));
        if let Some(handle) = made {
            self.engines.push(Engine { handle, file, is_open: true });
        }
        expected
    }

    pub(super) fn close(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("close");
        let given = self.any_engine(bytes);
        c::tieback_engine_close(self.engine_handle(&given));
        if let Given::Kept(index) = given {
            self.engines[index].is_open = false;
        }
        status::OK
    }

    pub(super) fn service(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("service");
        let given = self.any_engine(bytes);
        let (handle, expected) = (self.engine_handle(&given), self.engine_status(&given));
        let made = call("service", bytes, expected, |out, error| c::tieback_engine_service(handle, out, error));
        if let (Some(handle), Given::Kept(engine)) = (made, given) {
            self.services.push(Service { handle, engine, is_freed: false });
        }
        expected
    }

    pub(super) fn free_service(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("free_service");
        let given = self.any_service(bytes);
        c::tieback_service_free(self.service_handle(&given));
        if let Given::Kept(index) = given {
            self.services[index].is_freed = true;
        }
        status::OK
    }

    pub(super) fn hook_create(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("hook_create");
        const NAMES: [&str; 3] = ["acme", "north-2", "x"];
        let given = self.any_service(bytes);
        let name = NAMES[bytes.below(NAMES.len())];
        let (namespace, odd) = (CString::new(name).expect("no NUL"), bytes.text());
        let values = [CString::new(SECRET).expect("no NUL")];
        let (names, values) = ([c"Authorization".as_ptr()], [values[0].as_ptr()]);
        let mut options = c::HookOptions {
            struct_size: 0,
            namespace: namespace.as_ptr(),
            payload_version: c"v2.0".as_ptr(),
            destination_url: c"https://erp.example.com/events".as_ptr(),
            header_names: names.as_ptr(),
            header_values: values.as_ptr(),
            header_count: 1,
            signing_secrets: ptr::null(),
            signing_secret_count: 0,
            rate_limit_attempts: 0,
            rate_limit_burst: 0,
            rate_limit_per_ms: 0,
        };
        let known = size_of::<c::HookOptions>();
        let (mut size, mut is_marked, mut is_wrong) = (known, false, false);
        match bytes.below(10) {
            0 => (size, is_wrong) = (bytes.below(known), true),
            1 => size = known + bytes.below(64),
            2 => (size, is_marked, is_wrong) = (known + 1 + bytes.below(64), true, true),
            3 => (options.header_values, is_wrong) = (ptr::null(), true),
            4 => (options.header_count, is_wrong) = (usize::MAX, true),
            5 => (options.payload_version, is_wrong) = (odd.as_ptr(), true),
            6 => (options.rate_limit_attempts, is_wrong) = (-1, true),
            _ => {}
        }
        let options = Sized::new(&options, size);
        let options = if is_marked { options.marked() } else { options };
        let (scope, is_scope_wrong) = scope(bytes);
        let (handle, file) = self.service_facts(&given);
        let expected = match file {
            Err(status) => status,
            Ok(_) if is_wrong || is_scope_wrong => status::INVALID_ARGUMENT,
            Ok(file) if self.files[file].contains_key(name) => status::CONFLICT,
            Ok(_) => status::OK,
        };
        let made = call("hook_create", bytes, expected, |out, error| {
            c::tieback_hook_create(handle, scope.as_ptr(), options.as_ptr(), out, error)
        });
        if let (Some(address), Ok(file)) = (made, file) {
            let id = CString::new(text(c::tieback_hook_id(address))).expect("no NUL");
            self.files[file].insert(name, Hook { id, is_triggered: false, deliveries: 0 });
            self.keep(Kind::Hook, address);
        }
        expected
    }

    pub(super) fn hook_show(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("hook_show");
        let given = self.any_service(bytes);
        let (handle, file) = self.service_facts(&given);
        let (id, found) = self.any_hook(file, bytes);
        let (scope, is_scope_wrong) = scope(bytes);
        let expected = match file {
            Err(status) => status,
            Ok(_) if is_scope_wrong => status::INVALID_ARGUMENT,
            Ok(_) => found.as_ref().map_or_else(|status| *status, |_| status::OK),
        };
        let made = call("hook_show", bytes, expected, |out, error| {
            c::tieback_hook_show(handle, scope.as_ptr(), id.as_ptr(), out, error)
        });
        if let (Some(address), Ok(hook)) = (made, found) {
            assert_eq!(c::tieback_hook_trigger_count(address), i64::from(hook.is_triggered));
            self.keep(Kind::Hook, address);
        }
        expected
    }

    pub(super) fn hook_list(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("hook_list");
        let given = self.any_service(bytes);
        let (handle, file) = self.service_facts(&given);
        let (scope, is_wrong) = scope(bytes);
        let expected = match file {
            Err(status) => status,
            Ok(_) if is_wrong => status::INVALID_ARGUMENT,
            Ok(_) => status::OK,
        };
        let made = call("hook_list", bytes, expected, |out, error| {
            c::tieback_hook_list(handle, scope.as_ptr(), ptr::null(), out, error)
        });
        if let (Some(address), Ok(file)) = (made, file) {
            assert_eq!(c::tieback_hooks_len(address), self.files[file].len());
            self.keep(Kind::Hooks, address);
        }
        expected
    }

    pub(super) fn trigger_create(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("trigger_create");
        let given = self.any_service(bytes);
        let (handle, file) = self.service_facts(&given);
        let (id, found) = self.any_hook(file, bytes);
        let (resource, is_wrong) = if bytes.below(6) == 0 { (ptr::null(), true) } else { (c"RFIs".as_ptr(), false) };
        let (scope, is_scope_wrong) = scope(bytes);
        let expected = match (file, &found) {
            (Err(status), _) => status,
            (Ok(_), _) if is_scope_wrong => status::INVALID_ARGUMENT,
            (Ok(_), Err(status::INVALID_ARGUMENT)) => status::INVALID_ARGUMENT,
            (Ok(_), _) if is_wrong => status::INVALID_ARGUMENT,
            (Ok(_), Err(status)) => *status,
            (Ok(_), Ok(hook)) if hook.is_triggered => status::CONFLICT,
            (Ok(_), Ok(_)) => status::OK,
        };
        let made = call("trigger_create", bytes, expected, |out, error| {
            let event = c"update".as_ptr();
            c::tieback_trigger_create(handle, scope.as_ptr(), id.as_ptr(), resource, event, out, error)
        });
        if let (Some(address), Ok(file)) = (made, file) {
            let hook = self.files[file].values_mut().find(|hook| hook.id == id).expect("a hook that was found");
            hook.is_triggered = true;
            self.keep(Kind::Trigger, address);
        }
        expected
    }

    pub(super) fn publish(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("publish");
        let given = self.any_engine(bytes);
        let (handle, of_engine) = (self.engine_handle(&given), self.engine_status(&given));
        let odd = bytes.text();
        let mut event = event();
        let known = size_of::<c::EventOptions>();
        let (mut size, mut is_wrong) = (known, true);
        match bytes.below(12) {
            0 => size = bytes.below(known),
            1 => event.company_id = -1,
            2 => event.resource_name = ptr::null(),
            3 => event.related_count = 1,
            4 => event.data_json = c"{".as_ptr(),
            5 => (event.timestamp, is_wrong) = (c"2026-02-06T10:00:00Z".as_ptr(), false),
            6 => event.timestamp = odd.as_ptr(),
            7 => (size, is_wrong) = (known + bytes.below(64), false),
            _ => is_wrong = false,
        }
        let event = Sized::new(&event, size);
        let expected = if of_engine == status::OK && is_wrong { status::INVALID_ARGUMENT } else { of_engine };
        let made =
            call("publish", bytes, expected, |out, error| c::tieback_publish(handle, event.as_ptr(), out, error));
        if let (Some(address), Given::Kept(index)) = (made, given) {
            let matched = self.queue(index);
            assert_eq!(c::tieback_published_deliveries(address), matched);
            assert_eq!(c::tieback_published_duplicate(address), 0);
            self.keep(Kind::Published, address);
        }
        expected
    }

    pub(super) fn publish_many(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("publish_many");
        let given = self.any_engine(bytes);
        let (handle, of_engine) = (self.engine_handle(&given), self.engine_status(&given));
        let good = event();
        let good = Sized::new(&good, size_of::<c::EventOptions>());
        let count = bytes.below(4);
        let events: Vec<*const c::EventOptions> =
            (0..count).map(|_| if bytes.below(3) == 0 { ptr::null() } else { good.as_ptr() }).collect();
        let (length, is_wrong) = if bytes.below(8) == 0 { (1_001 + bytes.below(9), true) } else { (count, false) };
        let expected = if of_engine == status::OK && is_wrong { status::INVALID_ARGUMENT } else { of_engine };
        let made = call("publish_many", bytes, expected, |out, error| {
            c::tieback_publish_many(handle, events.as_ptr(), length, out, error)
        });
        if let (Some(address), Given::Kept(index)) = (made, given) {
            assert_eq!(c::tieback_bulk_len(address), count);
            for (at, event) in events.iter().enumerate() {
                let wanted = if event.is_null() { status::INVALID_ARGUMENT } else { status::OK };
                assert_eq!(c::tieback_bulk_status(address, at), wanted);
                if !event.is_null() {
                    self.queue(index);
                }
            }
            self.keep(Kind::Bulk, address);
        }
        expected
    }

    pub(super) fn delivery_list(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("delivery_list");
        let given = self.any_service(bytes);
        let (handle, file) = self.service_facts(&given);
        let (id, found) = self.any_hook(file, bytes);
        let expected = file.map_or_else(|status| status, |_| found.as_ref().map_or_else(|s| *s, |_| status::OK));
        let scope = company();
        let made = call("delivery_list", bytes, expected, |out, error| {
            c::tieback_delivery_list(handle, &scope, id.as_ptr(), ptr::null(), out, error)
        });
        if let (Some(address), Ok(hook)) = (made, found) {
            assert_eq!(c::tieback_deliveries_len(address), hook.deliveries.min(100), "what was published is listed");
            self.keep(Kind::Deliveries, address);
        }
        expected
    }

    /// Begins a walk, or takes one further.
    pub(super) fn walk(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        let walks: Vec<Any> =
            self.objects.iter().filter(|object| object.kind == Kind::HookIter).map(|object| object.address).collect();
        if walks.is_empty() || bytes.below(3) == 0 {
            self.what.set("iter_new");
            let given = self.any_service(bytes);
            let (handle, file) = self.service_facts(&given);
            let expected = file.map_or_else(|status| status, |_| status::OK);
            let scope = company();
            let made = call("iter_new", bytes, expected, |out, error| {
                c::tieback_hook_iter_new(handle, &scope, ptr::null(), out, error)
            });
            if let (Some(address), Given::Kept(service)) = (made, given) {
                self.walks.insert(address.addr(), service);
                self.keep(Kind::HookIter, address);
            }
            return expected;
        }
        self.what.set("iter_next");
        let walk = walks[bytes.below(walks.len())];
        let (_, file) = self.service_facts(&Given::Kept(self.walks[&walk.addr()]));
        let mut places = Places::new();
        let status = c::tieback_hook_iter_next(walk, &mut places.out, &mut places.error);
        // What a page held is given even after the handle has ended.
        let expected = if status == status::OK { status } else { file.map_or_else(|status| status, |_| status::OK) };
        if let Some(address) = places.check("iter_next", status, expected, true)
            && !address.is_null()
        {
            self.keep(Kind::Hook, address);
        }
        expected
    }

    pub(super) fn stats(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("stats");
        let given = self.any_engine(bytes);
        let (handle, expected) = (self.engine_handle(&given), self.engine_status(&given));
        let made = call("stats", bytes, expected, |out, error| c::tieback_engine_stats(handle, out, error));
        if let (Some(address), Given::Kept(index)) = (made, given) {
            let hooks = &self.files[self.engines[index].file];
            assert_eq!(c::tieback_stats_hooks(address), hooks.len() as i64);
            assert!(c::tieback_stats_queued(address) <= hooks.values().map(|hook| hook.deliveries as i64).sum());
            self.keep(Kind::Stats, address);
        }
        expected
    }

    pub(super) fn lane(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("lane");
        let given = self.any_engine(bytes);
        let (handle, of_engine) = (self.engine_handle(&given), self.engine_status(&given));
        let file = if of_engine == status::OK { self.file_of(&given) } else { Err(of_engine) };
        let (id, found) = self.any_hook(file, bytes);
        let expected = file.map_or_else(|status| status, |_| found.map_or_else(|status| status, |_| status::OK));
        let (scope, mut places) = (company(), Places::new());
        let operation = if bytes.below(2) == 0 { c::tieback_engine_pause } else { c::tieback_engine_resume };
        let status = operation(handle, &scope, id.as_ptr(), &mut places.error);
        places.check("lane", status, expected, true);
        expected
    }

    pub(super) fn redeliver(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("redeliver");
        let given = self.any_engine(bytes);
        let (handle, of_engine) = (self.engine_handle(&given), self.engine_status(&given));
        let file = if of_engine == status::OK { self.file_of(&given) } else { Err(of_engine) };
        let (id, found) = self.any_hook(file, bytes);
        let expected = file.map_or_else(|status| status, |_| found.as_ref().map_or_else(|s| *s, |_| status::OK));
        let (scope, mut delivery) = (company(), c"999999".to_owned());
        if expected == status::OK {
            let listed = self.newest_delivery(handle, &id);
            assert_eq!(listed.is_some(), found.is_ok_and(|hook| hook.deliveries > 0));
            delivery = listed.unwrap_or(delivery);
        }
        let is_there = delivery.as_c_str() != c"999999";
        let expected = if expected == status::OK && !is_there { status::NOT_FOUND } else { expected };

        let mut places = Places::new();
        let status = c::tieback_engine_skip(handle, &scope, id.as_ptr(), delivery.as_ptr(), &mut places.error);
        // It may have been skipped before.
        let is_over = expected == status::OK && status == status::CONFLICT;
        assert!(status == expected || is_over, "skip: {status}, and not {expected}");
        if status != status::OK {
            self.keep(Kind::Error, places.error);
        }
        let mut places = Places::new();
        let mut again = ptr::null_mut();
        let status =
            c::tieback_engine_redeliver(handle, &scope, id.as_ptr(), delivery.as_ptr(), &mut again, &mut places.error);
        places.check("redeliver", status, expected, true);
        assert_eq!(again.is_null(), status != status::OK);
        if let (false, Ok(file)) = (again.is_null(), file) {
            let hook = self.files[file].values_mut().find(|hook| hook.id == id).expect("a hook that was found");
            hook.deliveries += 1;
            self.keep(Kind::Text, again.cast());
        }
        expected
    }

    pub(super) fn newest_delivery(&self, engine: Any, hook_id: &CStr) -> Option<CString> {
        let (mut service, mut deliveries, none) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        let scope = company();
        assert_eq!(c::tieback_engine_service(engine, &mut service, none), status::OK);
        let listed = c::tieback_delivery_list(service, &scope, hook_id.as_ptr(), ptr::null(), &mut deliveries, none);
        assert_eq!(listed, status::OK);
        let first = c::tieback_deliveries_at(deliveries, 0);
        let id = (!first.is_null()).then(|| CString::new(text(c::tieback_delivery_id(first))).expect("no NUL"));
        c::tieback_deliveries_free(deliveries);
        c::tieback_service_free(service);
        id
    }

    /// A flat call on the number of an engine's handle: the typed and the flat ABI have one table.
    pub(super) fn flat(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("flat");
        let given = self.any_engine(bytes);
        let (number, of_engine) = match given {
            Given::Kept(_) => ((self.engine_handle(&given).addr() >> 1) as i32, self.engine_status(&given)),
            Given::Wrong(_) => ([0, -1, i32::MIN, i32::MAX][bytes.below(4)], status::INVALID_ARGUMENT),
        };
        let odd = bytes.text();
        let (operation, json, by_itself) = match bytes.below(6) {
            0 => (odd.as_ptr(), ptr::null(), status::INVALID_ARGUMENT),
            1 => (c"stats".as_ptr(), c"{".as_ptr(), status::INVALID_ARGUMENT),
            2 => (ptr::null(), c"{}".as_ptr(), status::INVALID_ARGUMENT),
            3 => (c"hook_list ".as_ptr(), c" {\"scope\": {\"company_id\": 1}} ".as_ptr(), status::OK),
            _ => (c"stats".as_ptr(), ptr::null(), status::OK),
        };
        let mut buffer = vec![0x55; bytes.below(256)];
        let capacity = buffer.len() as i32;
        let (mut needed, mut rest) = (-1, -1);
        let out: *mut std::ffi::c_char = buffer.as_mut_ptr();
        let status = c::tieback_call(number, operation, json, out, capacity, &mut needed, &mut rest);
        let expected = match (of_engine, by_itself) {
            (status::OK, by_itself) => by_itself,
            (of_engine, status::OK) => of_engine,
            // Which of the two is seen first is nobody's business.
            _ => status,
        };
        assert!(status == expected && status != status::INTERNAL, "flat: {status}, and not {expected}");
        assert!(needed > 0 && (rest == 0) == (needed < capacity), "{needed} of {capacity}, rest {rest}");
        assert!(buffer.is_empty() || buffer.contains(&0), "an answer ends with a NUL");
        if rest != 0 {
            self.rests.push((rest, needed));
        }
        status
    }

    pub(super) fn read_rest(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("read");
        let at = bytes.below(self.rests.len() + 1);
        let (rest, length) = self.rests.get(at).copied().unwrap_or((i32::MAX, 0));
        let offset = bytes.below(usize::try_from(length).unwrap_or_default() + 2) as i32 - 1;
        let mut buffer = vec![0x55; bytes.below(256)];
        let (mut needed, capacity) = (-1, buffer.len() as i32);
        let status = c::tieback_read(rest, offset, buffer.as_mut_ptr(), capacity, &mut needed);
        // It may have been read to its end, or be too old.
        let expected = if offset < 0 || offset > length { status::INVALID_ARGUMENT } else { status::OK };
        assert!(status == expected || status == status::NOT_FOUND, "read: {status}, and not {expected}");
        assert_eq!(needed, if status == status::OK { length - offset } else { 0 });
        assert!(buffer.is_empty() || buffer.contains(&0), "a text, which is empty after an error");
        status
    }

    /// Reads an object, or frees it.
    pub(super) fn look(&mut self, bytes: &mut Bytes<'_>) -> i32 {
        self.what.set("look");
        if self.objects.is_empty() {
            return status::NOT_FOUND;
        }
        let at = bytes.below(self.objects.len());
        if bytes.below(3) == 0 {
            let object = self.objects.remove(at);
            self.walks.remove(&object.address.addr());
            object.free();
        } else {
            self.objects[at].read(bytes);
        }
        status::OK
    }
}
