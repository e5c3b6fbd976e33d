DROP INDEX outbox_by_invitation;

DROP INDEX pending_changes_by_account;

DROP INDEX pending_logins_by_challenge;

DROP INDEX pending_logins_by_account;

DROP INDEX challenges_by_account;
