//! What an API server does, asked of three servers: the fake in this process, the fake behind a socket, and a real one.
//!
//! A case is an async function from a [`Ground`](ground::Ground), a namespace of its own on one of the servers, and a line
//! of the list below. Names, kinds and orders are random; `SEED` repeats a run. Where `KUBEBUILDER_ASSETS` names the folder
//! of etcd and kube-apiserver, or `KUBECONFIG_E2E` the kubeconfig of a cluster, that server is asked all cases too. A
//! cluster that runs controllers may disagree about what they do.

mod ground;
mod kinds;
mod server;
mod subject;
#[path = "../support/mod.rs"]
mod support;

/// Each case is a test of both doors of the fake, and one of those that the real server is asked.
macro_rules! suite {
    ($($noun:ident: $($case:ident)+;)+) => {
        $(mod $noun;)+

        mod in_process {
            $(mod $noun {
                $(#[tokio::test(start_paused = true)]
                async fn $case() {
                    let server = crate::server::Server::in_process().await;
                    crate::$noun::$case(server.ground().await).await;
                })+
            })+
        }

        mod over_a_socket {
            $(mod $noun {
                $(#[tokio::test]
                async fn $case() {
                    let server = crate::server::Server::over_a_socket().await;
                    crate::$noun::$case(server.ground().await).await;
                })+
            })+
        }

        #[tokio::test(flavor = "multi_thread")]
        async fn a_real_server_does_the_same() {
            let cases: Vec<(&str, server::Case)> = vec![
                $($((concat!(stringify!($noun), "::", stringify!($case)), |ground| Box::pin($noun::$case(ground)))),+),+
            ];
            server::ask_a_real_one(cases).await;
        }
    };
}

suite! {
    writes:
        a_new_object_has_an_identity
        what_exists_cannot_be_created
        a_generated_name_begins_with_what_was_asked
        a_namespace_must_exist
        a_replacement_of_another_version_conflicts
        a_replacement_without_a_version_overwrites_where_the_kind_allows_it
        a_lease_is_created_by_a_replacement
        a_replacement_that_changes_nothing_keeps_its_version
        a_dry_run_changes_nothing
        an_empty_list_that_is_always_shown_is_null_and_owned_by_who_said_it
        changes_of_a_priority_class_are_not_counted
        one_owner_is_in_control_and_events_own_nothing
        finalizers_do_not_want_both_ways
        a_replacement_without_owners_of_fields_leaves_none
        a_replacement_of_an_object_that_is_not_there_creates_no_other;
    deletes:
        what_was_deleted_is_gone
        preconditions_protect_another_object
        a_finalizer_keeps_an_object_until_it_is_taken_away
        a_collection_is_deleted_as_it_is_selected;
    lists:
        items_come_in_the_order_of_their_names
        items_say_their_kind_only_where_it_is_a_custom_one
        an_empty_list_is_a_list_even_in_a_namespace_that_does_not_exist
        the_order_of_all_is_that_of_keys_not_of_namespaces
        with_a_selector_pages_count_nothing_and_the_last_may_be_empty
        versions_choose_the_state_in_many_ways
        fields_of_the_kind_are_selected_by
        pages_show_the_state_of_the_first
        a_name_makes_one_page
        an_exact_version_shows_the_state_of_then
        selectors_select_what_they_say
        tokens_say_where_to_go_on
        selectors_that_say_nothing_are_refused
        tokens_that_nobody_gave_out_are_refused
        options_that_exclude_each_other_are_refused;
    watches:
        a_watch_tells_all_changes_after_its_version
        a_watch_without_a_version_begins_with_what_is_there
        what_leaves_a_selection_is_deleted_and_what_enters_it_is_added
        a_watch_of_one_name_sees_nothing_else
        a_watch_with_a_negative_timeout_ends_at_once
        a_watch_ends_after_its_timeout
        a_list_by_watch_ends_with_a_bookmark;
    merges:
        members_are_set_nulls_remove_and_the_rest_stays
        lists_are_replaced_and_new_maps_come_without_nulls
        what_is_not_an_object_is_refused
        unknown_fields_are_warned_of_and_change_nothing
        an_object_keeps_its_name_its_namespace_and_its_uid
        nobody_sets_a_time_of_deletion;
    operations:
        operations_happen_one_after_the_other
        what_fails_is_rejected_without_a_word_and_changes_nothing
        the_ways_of_the_server_differ_from_the_standard
        what_is_no_list_and_what_is_too_long_is_refused
        an_empty_map_vanishes_and_nothing_can_be_added_below
        what_comes_out_is_validated;
    strategic:
        containers_merge_by_name
        directives_order_keep_delete_and_replace
        maps_merge_and_what_is_not_an_object_is_refused;
    patches:
        built_in_kinds_refuse_what_is_no_patch
        custom_kinds_know_no_strategic_merge_patch
        a_stale_version_conflicts_the_current_one_and_none_do_not
        what_is_not_there_is_not_found_whatever_the_patch
        no_change_no_event_and_one_event_for_a_change
        a_dry_run_answers_and_stores_nothing
        options_are_checked
        what_is_immutable_keeps_its_data_but_not_its_labels
        secrets_take_plain_text_and_refuse_what_is_not_base64
        the_patch_that_removes_the_last_finalizer_ends_the_object
        a_terminating_object_takes_no_new_finalizers
        the_finalizer_of_kube_comes_and_goes
        what_a_patch_says_twice_is_told_or_refused;
    apply:
        what_is_applied_again_changes_nothing
        what_is_no_longer_applied_is_removed
        another_owner_is_asked_by_force_only
        updates_take_fields_from_who_applied_them;
    parts:
        a_status_is_written_apart
        a_scale_shows_and_sets_how_many_there_are_to_be
        a_status_that_says_nothing_counts_zero
        a_volume_tells_since_when_it_has_been_in_its_phase
        who_makes_a_daemon_set_owns_the_count_of_its_templates
        generations_count_changes_of_what_is_wanted;
    custom:
        schemas_prune_and_fill_in
        schemas_refuse_what_they_do_not_allow
        what_has_a_format_is_compared_with_that
        nulls_that_are_applied_are_meant
        an_old_version_says_so_and_no_patch_makes_another_of_it
        fields_can_be_selected_beside_a_schema_of_their_own
        fields_that_the_definition_names_can_be_selected;
    forms:
        metadata_alone_is_answered_where_the_client_asks_for_it
        bodies_are_yaml_too
        tables_without_rows_depend_on_who_draws_them
        events_of_both_groups_show_what_they_do_not_say
        secrets_and_services_are_filled_in;
    refusals:
        lists_and_watches_with_bad_parameters
        selectors_of_fields_that_the_kind_does_not_have
        creations_of_what_does_not_belong_there
        creations_in_a_namespace_that_ends
        bodies_that_are_no_objects
        replacements_by_another_object_or_of_another_version
        deletions_of_another_object
        writes_to_what_is_being_deleted
        dry_runs_of_another_kind
        changes_of_what_is_immutable;
    errors:
        what_is_not_served_is_not_found
        methods_that_make_no_sense_are_not_allowed
        bodies_of_unknown_types_are_not_read
        all_namespaces_are_read_at_once_and_never_written
        parts_of_custom_kinds_say_what_cannot_be_done_with_them
        of_custom_kinds_such_requests_are_answered_otherwise;
}
