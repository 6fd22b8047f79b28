//! What every store does, claim by claim, on each store that there is. A claim is a function of one file beside this
//! one; a store is one line of `stores!` below.

mod given;

mod bounds;
mod log;
mod options;
mod publish;
mod queue;
mod registry;
mod retention;
mod workers;

use std::ops::Deref;
use std::sync::Arc;

use tempfile::TempDir;
use tieback::policy::seal::StoreKeys;
use tieback::random::SystemRandom;
use tieback::store::Store;
use tieback::store::memory::MemoryStore;
use tieback::store::sqlite::SqliteStore;
use tieback::time::Cancel;

/// A store of its own for one claim.
struct Fresh {
    store: Box<dyn Store>,
    _folder: Option<TempDir>,
}

impl Deref for Fresh {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

/// Whatever a claim has done, it leaves a store that is sound.
impl Drop for Fresh {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let report = self.store.check_integrity(false, &Cancel::new()).expect("the store can be looked at");
            assert!(report.is_sound(), "{report:?}");
        }
    }
}

fn in_memory() -> Fresh {
    Fresh { store: Box::new(MemoryStore::new()), _folder: None }
}

fn in_sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = SqliteStore::open(&folder.path().join("hooks.db")).expect("a new store opens");
    Fresh { store: Box::new(store), _folder: Some(folder) }
}

fn in_sealed_sqlite() -> Fresh {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let keys = StoreKeys::chosen(Some(&"5ea1".repeat(16)), []).expect("a key");
    let random = Arc::new(SystemRandom);
    let store = SqliteStore::open_sealed(&folder.path().join("hooks.db"), keys, random).expect("a new store opens");
    Fresh { store: Box::new(store), _folder: Some(folder) }
}

macro_rules! stores {
    ($($name:ident: $make:path;)* { $($module:ident: $($claim:ident)*;)* }) => {
        stores!(@each [$($name: $make),*] { $($module: $($claim)*;)* });
    };
    (@each [$first_name:ident: $first:path $(, $name:ident: $make:path)*] $claims:tt) => {
        stores!(@one $first_name: $first, $claims);
        stores!(@each [$($name: $make),*] $claims);
    };
    (@each [] $claims:tt) => {};
    (@one $name:ident: $make:path, { $($module:ident: $($claim:ident)*;)* }) => {
        mod $name {
            $(mod $module {
                $(#[test]
                fn $claim() {
                    crate::$module::$claim(&*$make());
                })*
            })*
        }
    };
}

stores! {
    memory: crate::in_memory;
    sqlite: crate::in_sqlite;
    sealed_sqlite: crate::in_sealed_sqlite;
    {
        registry:
            a_new_hook_is_shown_as_given_with_its_headers_masked
            a_scope_has_one_hook_of_a_namespace
            a_project_is_known_by_its_own_id_and_both_sides_agree_on_its_company
            hooks_are_listed_oldest_first_and_narrowed
            pages_of_hooks_stay_the_same_while_hooks_come_and_go
            a_cursor_that_no_page_gave_is_an_invalid_argument
            another_scope_finds_nothing
            an_update_changes_what_it_names_and_nothing_else
            a_hook_cannot_take_a_namespace_that_another_has
            disabling_closes_the_gate_and_enabling_opens_it_and_counts_a_reset
            setting_the_status_that_it_has_changes_nothing
            another_url_or_other_headers_count_a_nudge
            headers_stay_with_the_receiver_that_they_were_given_for
            a_deleted_hook_takes_its_triggers_and_its_queue_with_it
            ids_of_hooks_and_triggers_are_never_reused
            each_trigger_gets_its_own_answer
            triggers_of_different_hooks_do_not_meet
            pages_of_triggers_are_oldest_first_and_stay_the_same_while_triggers_come
            each_removal_of_a_trigger_gets_its_own_answer;
        options:
            signing_secrets_are_shown_masked_and_given_to_the_worker_whole
            signing_secrets_are_replaced_and_taken_away
            other_signing_secrets_count_a_nudge
            a_rate_limit_is_kept_to_the_millisecond_and_taken_away
            another_rate_limit_counts_no_nudge
            options_stay_when_something_else_changes
            a_header_that_the_signature_uses_is_refused_whichever_comes_first
            a_delivery_carries_its_ulid;
        publish:
            an_event_makes_one_delivery_for_each_hook_with_a_trigger
            triggers_match_without_case
            company_and_project_events_keep_to_their_own_hooks
            the_same_event_again_makes_nothing_and_says_so
            a_duplicate_within_one_call_counts_as_the_same_event
            other_content_under_a_known_ulid_or_id_is_a_conflict_of_that_event_alone
            a_given_id_is_kept_and_a_made_one_is_a_number_below_2_to_the_53
            made_ids_grow_whatever_the_clock_does_and_pass_over_those_that_callers_took
            an_event_without_a_delivery_says_why
            an_event_for_one_hook_alone_ignores_triggers
            an_event_that_cannot_be_rendered_is_refused_alone_and_leaves_nothing
            a_payload_has_the_version_that_its_hook_had_when_it_was_queued
            only_a_version_that_can_carry_the_id_gets_the_event;
        queue:
            a_queue_is_loaded_in_order_in_parts
            a_load_of_nothing_says_whether_there_is_something
            a_load_keeps_to_its_bytes_and_gives_one_delivery_at_least
            a_hook_that_was_never_there_is_left_out_of_a_load
            a_load_gives_the_present_destination_with_its_secrets
            a_delivery_carries_its_resource_and_its_payload
            a_verdict_takes_its_delivery_out_of_the_queue_or_leaves_it_there
            an_attempt_is_kept_as_it_was
            a_late_verdict_changes_nothing_but_its_attempt_is_kept
            a_lane_state_is_kept_as_it_was
            a_flush_discards_what_is_queued_and_nothing_after_it
            a_flush_comes_after_the_verdicts_of_its_commit
            a_mark_is_never_lowered
            sweeping_turns_marks_into_rows_a_few_at_a_time
            operators_pause_resume_and_nudge_a_lane
            an_operators_word_and_the_workers_state_do_not_overwrite_one_another
            a_skip_discards_one_queued_delivery
            a_skip_counts_a_nudge_only_for_the_probe
            a_redelivery_is_a_new_delivery_of_the_same_event
            a_redelivery_has_the_hooks_present_version
            a_queued_delivery_cannot_be_redelivered
            work_is_of_hooks_with_something_queued
            stats_count_what_is_queued_and_which_lanes_wait
            stats_count_outcomes_hooks_and_the_oldest_that_is_kept;
        log:
            deliveries_are_listed_newest_first_with_payload_event_and_attempts
            every_state_has_its_word_of_the_wire
            statuses_narrow_the_list_in_both_generations_words
            resource_and_event_narrow_the_list_without_case
            a_range_includes_its_start_and_not_its_end
            pages_of_deliveries_stay_the_same_while_deliveries_come
            a_list_is_of_one_hook_alone;
        bounds:
            a_full_queue_refuses_the_event_and_says_which_and_how_much
            an_event_is_refused_whole_when_one_of_its_queues_is_full
            each_event_of_a_call_has_its_own_answer_about_room
            all_queues_together_have_a_bound_too
            what_makes_no_delivery_or_was_published_before_needs_no_room
            every_outcome_makes_room
            a_redelivery_takes_room;
        retention:
            a_delivery_goes_once_its_outcome_is_old_enough
            what_is_queued_stays_however_old_it_is
            every_outcome_has_its_time
            an_event_stays_while_a_delivery_needs_it
            a_redelivery_finds_its_event_after_the_body_of_another_version_is_gone
            an_event_without_deliveries_goes_after_the_same_time
            a_deleted_hook_goes_after_its_last_delivery
            a_step_removes_no_more_than_it_was_told
            ids_of_deliveries_are_not_used_again_after_a_purge;
        workers:
            a_worker_has_a_lease_and_others_see_until_when
            a_worker_that_is_no_more_cannot_renew_nor_claim
            a_lane_has_one_holder_and_every_claim_a_fence_of_its_own
            a_worker_that_retires_lets_go_of_its_own_lanes_alone
            what_is_written_under_a_tenure_that_is_over_changes_no_state
            a_commit_keeps_what_it_may_and_tells_what_it_may_not
            an_attempt_under_a_lost_tenure_is_shown_with_a_delivery_that_has_its_outcome
            a_worker_is_buried_only_as_it_was_seen
            a_look_offers_lanes_that_may_go_on_and_that_nobody_else_holds
            a_look_tells_of_each_change_of_an_own_lane_once
            what_workers_do_is_no_change_of_a_lane
            a_lease_is_as_long_as_it_is_said_to_be;
    }
}
