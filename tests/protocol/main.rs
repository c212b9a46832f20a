//! What an API server does, asked of three servers: the fake in this process, the fake behind a socket, and a real one.
//!
//! A case is an async function from a [`Ground`](ground::Ground), a namespace of its own on one of the servers, and a line
//! of the list below. Names, kinds and orders are random; `SEED` repeats a run. Where `KUBEBUILDER_ASSETS` names the folder
//! of etcd and kube-apiserver, or `KUBECONFIG_E2E` the kubeconfig of a cluster, that server is asked all cases too. A
//! cluster that runs controllers may disagree about what they do.

mod ground;
mod kinds;
#[path = "../store/random.rs"]
mod random;
#[path = "../real/mod.rs"]
mod real;
mod server;

/// Each case is a test of both doors of the fake, and one of those that the real server is asked.
macro_rules! suite {
    ($($noun:ident: $($case:ident)+;)+) => {
        $(mod $noun;)+

        mod in_process {
            $(mod $noun {
                $(#[tokio::test(start_paused = true)]
                async fn $case() {
                    let server = crate::server::Server::in_process();
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
        a_replacement_that_changes_nothing_keeps_its_version
        a_dry_run_changes_nothing;
    deletes:
        what_was_deleted_is_gone
        preconditions_protect_another_object
        a_finalizer_keeps_an_object_until_it_is_taken_away
        a_collection_is_deleted_as_it_is_selected;
    lists:
        items_come_in_the_order_of_their_names
        pages_show_the_state_of_the_first
        an_exact_version_shows_the_state_of_then
        selectors_select_what_they_say
        selectors_that_say_nothing_are_refused
        tokens_that_nobody_gave_out_are_refused
        options_that_exclude_each_other_are_refused;
    watches:
        a_watch_tells_all_changes_after_its_version
        a_watch_without_a_version_begins_with_what_is_there
        what_leaves_a_selection_is_deleted_and_what_enters_it_is_added
        a_watch_ends_after_its_timeout
        a_list_by_watch_ends_with_a_bookmark;
    patches:
        a_merge_patch_takes_nulls_away
        a_json_patch_does_all_or_nothing
        a_strategic_patch_merges_maps
        a_patch_of_another_version_conflicts;
    apply:
        what_is_applied_again_changes_nothing
        what_is_no_longer_applied_is_removed
        another_owner_is_asked_by_force_only
        updates_take_fields_from_who_applied_them;
    parts:
        a_status_is_written_apart
        a_scale_shows_and_sets_how_many_there_are_to_be
        generations_count_changes_of_what_is_wanted;
    custom:
        schemas_prune_and_fill_in
        schemas_refuse_what_they_do_not_allow
        lists_of_custom_objects_name_their_kind;
    errors:
        what_is_not_served_is_not_found
        methods_that_make_no_sense_are_not_allowed
        bodies_of_unknown_types_are_not_read;
}
