//! What an API server does, asked of three servers: the fake in this process, the fake behind a socket, and a real one.
//!
//! A case is an async function from a [`Ground`](ground::Ground), a namespace of its own on one of the servers, and a line
//! of the list below. Names, kinds and orders are random; `SEED` repeats a run, and `ROUNDS` asks a real server as many
//! times. Where `KUBEBUILDER_ASSETS` names the folder of etcd and kube-apiserver, or `KUBECONFIG_E2E` the kubeconfig of a
//! cluster, that server is asked all cases too. A cluster that runs controllers may disagree about what they do: the fake
//! runs its own in the process and none behind the socket, and cases that need nobody to act ask the ground whether it is
//! bare.

mod definition;
mod ground;
mod kinds;
mod mistakes;
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
        a_collection_is_deleted_as_it_is_selected
        parameters_are_preconditions_too
        a_collection_is_deleted_as_it_was_at_a_version;
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
        the_path_of_a_watch_may_say_that_it_is_one
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
        generations_count_changes_of_what_is_wanted
        conditions_and_containers_have_times_that_nobody_said
        a_status_that_says_nothing_counts_zero
        a_volume_tells_since_when_it_has_been_in_its_phase
        who_makes_a_daemon_set_owns_the_count_of_its_templates;
    checks:
        a_path_is_taken_apart_at_each_slash
        a_selector_comes_before_a_version_and_before_the_form_of_events
        a_scale_is_read_before_its_object_is_looked_for
        a_replacement_of_what_is_gone_makes_no_other_object
        the_status_of_a_service_that_is_not_there_can_be_applied
        a_configuration_is_checked_as_it_is_read_merged_and_converted
        what_cannot_be_read_at_all_is_told_before_what_is_of_another_type
        an_unknown_field_that_is_there_twice_is_told_once
        what_a_patch_leaves_without_a_version_has_no_name_either
        a_new_custom_object_says_its_own_name;
    unwritten:
        the_label_of_a_namespace_is_its_creators_unless_the_name_is_made_up
        the_generation_of_a_template_belongs_to_who_made_the_daemon_set
        a_volume_is_claimed_field_by_field_and_a_revision_is_one_value
        an_empty_list_of_owners_takes_away_all_and_none_takes_nothing
        an_owner_who_is_named_twice_is_one;
    custom:
        schemas_prune_and_fill_in
        schemas_refuse_what_they_do_not_allow
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
    protobuf:
        objects_come_in_protobuf_too
        deletions_come_in_protobuf_too
        what_is_no_protobuf_is_refused;
    owners:
        managers_are_named_by_a_parameter_or_by_how_the_client_calls_itself
        managers_have_names_of_at_most_128_bytes_that_can_be_printed
        managers_take_what_they_change_and_nothing_else
        managers_that_change_nothing_own_nothing
        owners_go_when_a_write_clears_them_and_come_back_with_an_apply
        defaults_belong_to_who_creates_and_to_nobody_who_applies
        of_many_managers_the_oldest_become_one
        who_replaces_may_say_who_owned_what
        conflicts_are_told_by_owner;
    configurations:
        the_first_creates_and_owns_what_it_says_but_no_maps_around_it
        who_forces_owns_alone_what_it_says
        a_dry_run_answers_and_stores_nothing
        they_are_yaml
        what_held_an_object_goes_with_it_when_nobody_says_it_any_more
        they_say_what_they_are_about
        versions_and_uids_must_be_those_of_the_object
        they_need_a_manager_and_are_no_cbor
        items_come_in_the_order_of_who_applied_last;
    texts:
        parameters_are_shown_with_the_escapes_of_go
        names_and_versions_are_shown_with_the_escapes_of_go;
    statuses:
        they_are_no_matter_of_the_object_itself
        of_new_objects_they_are_the_servers_to_say
        they_are_all_that_a_write_to_them_changes
        of_deployments_they_come_with_annotations_but_not_with_labels
        they_have_owners_of_their_own
        they_are_not_where_the_kind_has_none
        they_are_part_of_the_object_in_versions_without_them
        of_pods_they_keep_their_class_and_their_owners;
    scales:
        they_show_and_change_the_replicas
        of_custom_kinds_they_are_where_the_definition_says
        they_are_refused_where_they_are_not_of_the_object
        they_give_the_replicas_to_who_changed_them;
    namespaces:
        they_say_what_they_are_called_and_what_keeps_them
        they_go_with_what_keeps_them
        what_keeps_them_is_only_put_and_all_of_them_are_not_deleted
        those_of_the_system_are_not_deleted
        a_status_does_not_come_with_what_keeps_them;
    decoding:
        fields_a_kind_does_not_have_are_left_out_and_warned_of_in_their_order
        strict_requests_are_refused_for_such_fields_and_others_hear_nothing
        values_of_the_wrong_type_are_refused_in_the_words_of_the_decoder
        nulls_are_nothing_but_in_maps_of_texts
        a_patch_that_cannot_be_decoded_is_shown_as_the_whole_it_makes
        typed_clients_write_what_they_read;
    schemas:
        objects_are_pruned_and_filled_in
        objects_that_break_their_schema_are_refused_for_each_rule
        what_was_wrong_before_its_schema_said_so_may_stay_until_it_changes
        new_finalizers_that_do_not_say_whose_they_are_are_warned_of
        configurations_merge_as_the_schema_says;
    definitions:
        they_are_checked
        they_are_established_in_steps
        objects_are_served_in_every_version
        with_a_definition_go_its_objects_their_watches_and_their_path
        nothing_new_comes_into_a_kind_that_goes;
    deletions:
        options_come_from_the_body_or_else_from_the_parameters
        options_that_mean_nothing_are_refused
        a_mark_counts_as_a_generation
        who_asks_in_the_old_way_is_told_that_there_is_more_to_come
        a_policy_is_a_finalizer_until_someone_acts_on_it
        dependents_stay_where_nobody_collects_them
        pods_of_a_job_are_left_behind_with_a_warning
        a_collection_is_deleted_as_far_as_its_options_reach
        they_answer_metadata_alone_where_they_answer_objects
        pods_of_a_replication_controller_are_left_behind_without_a_word;
    grace:
        a_pod_on_a_node_has_time_to_end
        its_time_only_becomes_shorter
        a_pod_without_a_node_goes_at_once_and_one_that_is_over_too
        the_last_finalizer_does_not_shorten_its_time
        less_than_no_time_is_a_second;
    addresses:
        services_have_addresses_of_their_own_until_they_go
        addresses_and_ports_that_are_not_to_be_had_are_refused
        a_service_keeps_what_it_was_given_and_gives_back_what_it_needs_no_more;
    beginnings:
        what_the_server_says_is_taken_from_nobody_else
        a_generation_counts_what_counts
        a_pod_has_the_priority_of_its_class
        a_job_selects_its_pods_by_its_uid
        long_names_are_cut_before_what_makes_them_new
        what_is_only_tried_may_have_a_version;
    tables:
        a_row_holds_metadata_the_object_or_nothing
        pages_are_told_as_those_of_lists_are
        errors_stay_what_they_are
        the_older_version_is_said_where_it_is_asked_for
        a_pod_that_came_to_its_end_has_a_condition
        scales_show_how_many_there_are_and_should_be
        only_the_first_event_of_a_watch_says_what_the_columns_are;
    discovery:
        kinds_are_listed_with_their_parts_verbs_and_categories
        the_core_group_does_not_say_its_version_twice
        each_version_of_a_custom_kind_has_parts_of_its_own
        all_at_once_tells_the_same_as_group_by_group
        who_has_it_already_is_not_sent_it_again_until_it_changes
        who_would_rather_have_it_plain_gets_it_plain;
    pages:
        all_is_well
        the_paths_of_the_list_lead_somewhere
        some_look_at_the_method_and_the_others_do_not
        the_version_is_indented_whoever_asks
        what_is_not_there_is_plain_text
        an_address_of_yesterday_leads_to_that_of_today
        fields_say_how_they_merge
        custom_kinds_bring_their_schemas;
    media:
        the_dearest_type_the_server_has_is_answered
        yaml_is_what_kubectl_would_print
        people_get_indented_json
        what_nobody_can_answer_is_refused_with_what_there_is
        forms_an_object_or_a_list_does_not_have_are_refused_in_the_words_of_go
        errors_look_as_answers_would;
    network_mistakes:
        in_network_policies
        in_ingresses
        in_classes_of_ingresses;
    endpoint_mistakes:
        in_endpoints
        in_endpoint_slices
        in_ranges_and_addresses_of_services;
    volume_mistakes:
        in_claims
        in_volumes
        in_storage_classes;
    driver_mistakes:
        in_drivers_and_their_nodes
        in_attachments
        in_capacities_and_classes_of_attributes;
    scaling_mistakes:
        in_autoscalers
        in_metrics
        in_budgets;
    job_mistakes:
        in_affinities
        in_schedules
        in_cron_jobs
        in_how_jobs_count;
    limit_mistakes:
        in_limits
        in_resources_of_containers
        in_quotas;
    order_mistakes:
        in_leases_and_classes
        in_flow_schemas
        in_priority_levels;
    webhook_mistakes:
        in_webhooks;
    access_mistakes:
        in_roles_and_bindings
        in_requests_for_certificates
        in_api_services
        in_revisions;
    event_mistakes:
        in_new_events
        in_changes_of_events;
    status_mistakes:
        in_counts_of_replicas
        in_how_jobs_end
        in_statuses_of_pods;
    owner_mistakes:
        in_owners;
    jobs:
        one_without_labels_has_those_of_its_pods;
    logs:
        options_that_make_no_sense_are_refused;
    limit_ranges:
        containers_get_what_they_do_not_say
        what_asks_for_too_little_or_too_much_is_refused;
    events:
        what_one_group_is_told_both_show
        what_one_group_changes_the_other_sees;
    streams:
        what_is_there_comes_in_order_then_the_mark_of_its_end_then_what_happens
        a_watch_without_a_version_marks_the_end_of_what_is_there_too
        of_an_empty_set_the_mark_comes_alone_and_to_clients_without_bookmarks_never
        a_watch_without_initial_events_starts_now_or_after_its_version
        a_version_that_does_not_come_is_an_error_event_and_the_end
        a_version_that_is_to_come_is_waited_for
        metadata_alone_is_streamed_with_its_own_mark
        a_watch_asked_for_lists_of_metadata_ends_at_the_first_event_and_tells_none
        a_watch_from_the_future_is_silent_until_it_is_passed
        bookmarks_come_before_the_end_and_tell_how_far_it_went;
    versions:
        the_version_zero_is_any;
    gadgets:
        nulls_that_are_applied_are_meant
        an_old_version_says_so_and_no_patch_makes_another_of_it
        fields_can_be_selected_beside_a_schema_of_their_own
        what_has_a_format_is_compared_with_that;
}
