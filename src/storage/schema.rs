//! One schema for both databases: portable types only. Times are microseconds UTC; see `columns`.
//! A test holds it against what the migrations make on each.
#![expect(missing_docs, reason = "what a column holds is said in the migration that makes it")]

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    accounts (id) {
        id -> Text,
        username -> Text,
        username_key -> Text,
        display_name -> Text,
        email -> Text,
        email_key -> Text,
        email_confirmed_at -> Nullable<BigInt>,
        password_hash -> Nullable<Text>,
        role -> Text,
        disabled_at -> Nullable<BigInt>,
        time_zone -> Text,
        asks_every_login -> Bool,
        session_epoch -> BigInt,
        trust_epoch -> BigInt,
        trust_ended_because -> Nullable<Text>,
        code_failures -> Integer,
        codes_paused_until -> Nullable<BigInt>,
        codes_suspended_at -> Nullable<BigInt>,
        sends_counted_from -> BigInt,
        last_login_at -> Nullable<BigInt>,
        last_login_browser -> Nullable<Text>,
        previous_login_at -> Nullable<BigInt>,
        previous_login_browser -> Nullable<Text>,
        created_at -> BigInt,
        requires_two_factor -> Bool,
        allows_trust -> Bool,
        must_prove_mailbox -> Bool,
        password_changed_at -> Nullable<BigInt>,
        version -> BigInt,
        display_name_key -> Text,
        method -> Text,
        state -> Text,
    }
}

table! {
    second_factors (account_id) {
        account_id -> Text,
        method -> Text,
        email -> Nullable<Text>,
        phone_sealed -> Nullable<Binary>,
        phone_index -> Nullable<Binary>,
        confirmed_at -> BigInt,
    }
}

table! {
    challenges (id) {
        id -> Text,
        purpose -> Text,
        account_id -> Text,
        owner_id -> Text,
        method -> Text,
        email -> Nullable<Text>,
        phone_sealed -> Nullable<Binary>,
        destination_index -> Binary,
        asks_every_login -> Bool,
        key_id -> Text,
        generation -> Integer,
        code_ends_at -> Nullable<BigInt>,
        previous_ends_at -> Nullable<BigInt>,
        tries -> Integer,
        sends -> Integer,
        sent_at -> Nullable<BigInt>,
        resend_at -> BigInt,
        browser -> Text,
        opened_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    pending_logins (id) {
        id -> Text,
        token_hash -> Binary,
        account_id -> Text,
        session_epoch -> BigInt,
        challenge_id -> Text,
        asked_because -> Text,
        opened_at -> BigInt,
        expires_at -> BigInt,
        ended_at -> Nullable<BigInt>,
        watched_until -> Nullable<BigInt>,
        network -> Nullable<Text>,
    }
}

table! {
    sessions (id) {
        id -> Text,
        token_hash -> Binary,
        account_id -> Text,
        session_epoch -> BigInt,
        entered_by -> Text,
        password_at -> Nullable<BigInt>,
        code_at -> Nullable<BigInt>,
        browser -> Text,
        started_at -> BigInt,
        last_seen_at -> BigInt,
        expires_at -> BigInt,
        network -> Nullable<Text>,
    }
}

table! {
    trusted_computers (id) {
        id -> Text,
        account_id -> Text,
        token_hash -> Binary,
        trust_epoch -> BigInt,
        browser -> Text,
        made_at -> BigInt,
        last_used_at -> BigInt,
        expires_at -> BigInt,
        failures -> Integer,
    }
}

table! {
    pending_changes (session_id) {
        session_id -> Text,
        account_id -> Text,
        method -> Nullable<Text>,
        email -> Nullable<Text>,
        phone_sealed -> Nullable<Binary>,
        asks_every_login -> Bool,
        expires_at -> BigInt,
        kind -> Text,
    }
}

table! {
    links (id) {
        id -> Text,
        account_id -> Text,
        key_id -> Text,
        made_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
        purpose -> Text,
        address -> Nullable<Text>,
        event_id -> Nullable<Text>,
    }
}

table! {
    security_events (id) {
        id -> Text,
        at -> BigInt,
        kind -> Text,
        actor -> Text,
        administrator_id -> Nullable<Text>,
        account_id -> Text,
        reason -> Nullable<Text>,
        detail -> Nullable<Text>,
        network -> Nullable<Text>,
        browser -> Nullable<Text>,
        request_id -> Nullable<Text>,
    }
}

table! {
    recovery_codes (id) {
        id -> Text,
        account_id -> Text,
        code_hash -> Binary,
        made_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    one_time_passes (id) {
        id -> Text,
        account_id -> Text,
        pass_hash -> Binary,
        made_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

table! {
    former_states (event_id) {
        event_id -> Text,
        account_id -> Text,
        email -> Text,
        email_confirmed_at -> Nullable<BigInt>,
        method -> Nullable<Text>,
        factor_email -> Nullable<Text>,
        phone_sealed -> Nullable<Binary>,
        factor_confirmed_at -> Nullable<BigInt>,
        asks_every_login -> Bool,
        expires_at -> BigInt,
    }
}

table! {
    delivery_attempts (message_id, attempt) {
        message_id -> Text,
        attempt -> Integer,
        ended_at -> BigInt,
        failure_class -> Nullable<Text>,
        failure_detail -> Nullable<Text>,
    }
}

table! {
    outbox (id) {
        id -> Text,
        kind -> Text,
        channel -> Text,
        account_id -> Text,
        challenge_id -> Nullable<Text>,
        link_id -> Nullable<Text>,
        generation -> Integer,
        recipient_sealed -> Nullable<Binary>,
        destination_index -> Binary,
        is_confirmed -> Bool,
        state -> Text,
        attempts -> Integer,
        ambiguous -> Integer,
        next_attempt_at -> BigInt,
        give_up_at -> BigInt,
        lease -> Nullable<Text>,
        provider_id -> Nullable<Text>,
        failure_class -> Nullable<Text>,
        failure_detail -> Nullable<Text>,
        created_at -> BigInt,
        handed_over_at -> Nullable<BigInt>,
        settled_at -> Nullable<BigInt>,
    }
}

table! {
    channel_health (channel) {
        channel -> Text,
        failures -> Integer,
        openings -> Integer,
        down_since -> Nullable<BigInt>,
        failure_class -> Nullable<Text>,
        probe_at -> Nullable<BigInt>,
    }
}

table! {
    suppressions (destination_index, sender) {
        destination_index -> Binary,
        sender -> Text,
        since -> BigInt,
    }
}

table! {
    throttles (subject) {
        subject -> Binary,
        failures -> Integer,
        rests_until -> Nullable<BigInt>,
        changed_at -> BigInt,
    }
}

table! {
    failed_logins (id) {
        id -> Text,
        address -> Binary,
        subject -> Binary,
        failed_at -> BigInt,
    }
}

table! {
    instance (name) {
        name -> Text,
        value -> Text,
    }
}

joinable!(outbox -> challenges (challenge_id));

allow_tables_to_appear_in_same_query!(
    accounts,
    second_factors,
    challenges,
    pending_logins,
    sessions,
    trusted_computers,
    pending_changes,
    links,
    security_events,
    recovery_codes,
    one_time_passes,
    former_states,
    outbox,
    channel_health,
    suppressions,
    throttles,
    failed_logins,
    instance,
);
