-- Invitations become one purpose of a mailed link among others: password resets, and "This wasn't me" in a notice.
ALTER TABLE invitations RENAME TO links;

ALTER TABLE links ADD COLUMN purpose TEXT NOT NULL DEFAULT 'invitation';

ALTER TABLE links ADD COLUMN address TEXT;

ALTER TABLE links ADD COLUMN event_id TEXT;

DROP INDEX invitations_by_account;

DROP INDEX invitations_by_expiry;

CREATE INDEX links_by_account ON links (account_id, purpose, made_at);

CREATE INDEX links_by_expiry ON links (expires_at);

DROP INDEX outbox_by_invitation;

ALTER TABLE outbox RENAME COLUMN invitation_id TO link_id;

CREATE INDEX outbox_by_link ON outbox (link_id);

UPDATE outbox SET kind = 'link' WHERE kind = 'invitation';
