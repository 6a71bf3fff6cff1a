//! The machine codes of errors: every `details.error_code` that the official clients know, with the
//! status that it comes with.
//!
//! The list is that of the official Python SDK 2.12.0, in which each pair has an error class of its
//! own; the codes without a pair there do not exist.

/// Each code with its status, sorted by both.
const ERROR_CODES: [(u16, &str); 100] = [
    (400, "already_member"),
    (400, "available_tools_limit_exceeded"),
    (400, "bundle_attachment_not_supported"),
    (400, "bundle_on_call"),
    (400, "cannot_invite_emails_with_unverified_domains"),
    (400, "cannot_remove_last_member"),
    (400, "cannot_sign_out_primary_owner"),
    (400, "cannot_sign_out_self"),
    (400, "claude_code_key_creator_not_member"),
    (400, "claude_code_version_too_old"),
    (400, "cmek_feature_unsupported"),
    (400, "cmek_key_disabled"),
    (400, "cmek_key_network_blocked"),
    (400, "compaction_block_ambiguous"),
    (400, "compaction_block_misplaced"),
    (400, "compaction_content_mismatch"),
    (400, "compaction_incomplete_turn"),
    (400, "compaction_nothing_to_summarize"),
    (400, "compaction_signature_invalid"),
    (400, "compaction_too_many_tool_references"),
    (400, "compaction_tool_changes_mismatch"),
    (400, "email_domain_not_allowed"),
    (400, "environment_archived"),
    (400, "external_key_in_workspace_policy"),
    (400, "external_key_validation_failed"),
    (400, "external_key_validation_timed_out"),
    (400, "file_not_downloadable"),
    (400, "image_dimensions_too_large"),
    (400, "invalid_config_type_change"),
    (400, "invalid_metadata"),
    (400, "invite_already_exists"),
    (400, "key_profile_mismatch"),
    (400, "org_api_key_limit_exceeded"),
    (400, "org_member_limit_exceeded"),
    (400, "organization_not_enrolled_in_beta"),
    (400, "organization_on_hold"),
    (400, "organization_type_not_supported"),
    (400, "parent_organization_required"),
    (400, "rbac_group_grants_owner_access"),
    (400, "rbac_group_order_limit_exceeded"),
    (400, "rbac_group_owner_access_unconfirmed"),
    (400, "request_body_encoding_invalid"),
    (400, "request_body_encoding_unsupported"),
    (400, "request_body_timeout"),
    (400, "scan_failed"),
    (400, "settings_document_limit_exceeded"),
    (400, "settings_history_limit_exceeded"),
    (400, "slack_channel_set_up_settings_refused"),
    (400, "storage_quota_exceeded"),
    (400, "thread_already_continued"),
    (400, "thread_continue_in_flight"),
    (400, "thread_fingerprint_mismatch"),
    (400, "thread_unsupported_request"),
    (400, "tool_name_conflict"),
    (400, "tool_reference_unresolved"),
    (400, "unsupported_charset"),
    (400, "user_profile_not_found"),
    (400, "user_profile_required"),
    (400, "workspace_api_key_limit_exceeded"),
    (400, "workspace_member_limit_exceeded"),
    (400, "workspace_policy_violation"),
    (402, "linked_organization_billing_unavailable"),
    (402, "linked_organization_spend_limit_reached"),
    (403, "api_key_scope_missing"),
    (403, "cannot_sign_out_managed_member"),
    (403, "cannot_sign_out_membership_admin"),
    (403, "cannot_sign_out_owner"),
    (403, "cannot_sign_out_privileged_member"),
    (403, "claude_tag_writes_not_enabled"),
    (403, "compliance_configuration_restricted"),
    (403, "environment_create_disabled"),
    (403, "environment_update_disabled"),
    (403, "organization_level_scoped_api_key_required"),
    (403, "sandbox_egress_restricted"),
    (403, "spend_limits_admin_api_writes_not_enabled"),
    (403, "user_profile_billing_not_authorized"),
    (403, "user_profile_not_billable"),
    (404, "environment_not_found"),
    (404, "file_expired"),
    (404, "rbac_group_managed_settings_not_found"),
    (404, "rbac_group_not_found"),
    (404, "rbac_role_not_found"),
    (404, "slack_channel_set_up_environment_not_found"),
    (404, "thread_not_found"),
    (409, "concurrent_membership_change"),
    (409, "external_key_changed"),
    (409, "plugin_name_taken"),
    (409, "scan_pending"),
    (409, "skill_name_taken"),
    (409, "skill_read_blocked_undecryptable"),
    (409, "slack_channel_set_up_settings_conflict"),
    (412, "heartbeat_precondition_failed"),
    (413, "request_body_too_large_after_decoding"),
    (429, "contract_spend_limit_reached"),
    (429, "enforced_spend_limit_reached"),
    (429, "ramp_limit_exceeded"),
    (503, "cmek_context_unavailable"),
    (503, "cmek_key_unreachable"),
    (503, "registration_pending"),
    (529, "compaction_unavailable"),
];

/// The status that a code comes with.
pub(super) fn status_of(code: &str) -> Option<u16> {
    ERROR_CODES.iter().find(|(_, known)| *known == code).map(|(status, _)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sorted_and_names_no_code_twice() {
        assert!(ERROR_CODES.is_sorted());
        let names: std::collections::BTreeSet<&str> =
            ERROR_CODES.iter().map(|(_, code)| *code).collect();
        assert_eq!(names.len(), ERROR_CODES.len());
    }

    #[test]
    fn a_code_has_its_documented_status() {
        for (status, code) in [
            (400, "tool_name_conflict"),
            (402, "linked_organization_spend_limit_reached"),
            (403, "user_profile_not_billable"),
            (404, "thread_not_found"),
            (413, "request_body_too_large_after_decoding"),
            (429, "contract_spend_limit_reached"),
            (503, "cmek_key_unreachable"),
            (529, "compaction_unavailable"),
        ] {
            assert_eq!(status_of(code), Some(status), "{code}");
        }
        assert_eq!(status_of("made_up"), None);
    }
}
