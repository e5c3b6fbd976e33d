-- Deleting a row looks for those that refer to it; without these the sweep would read whole tables for each.
CREATE INDEX challenges_by_account ON challenges (account_id);

CREATE INDEX pending_logins_by_account ON pending_logins (account_id);

CREATE INDEX pending_logins_by_challenge ON pending_logins (challenge_id);

CREATE INDEX pending_changes_by_account ON pending_changes (account_id);

CREATE INDEX outbox_by_invitation ON outbox (invitation_id);
