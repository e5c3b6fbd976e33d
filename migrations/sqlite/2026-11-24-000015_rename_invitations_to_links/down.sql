DELETE FROM outbox WHERE kind = 'link' AND link_id IN (SELECT id FROM links WHERE purpose <> 'invitation');

DELETE FROM links WHERE purpose <> 'invitation';

UPDATE outbox SET kind = 'invitation' WHERE kind = 'link';

DROP INDEX outbox_by_link;

ALTER TABLE outbox RENAME COLUMN link_id TO invitation_id;

CREATE INDEX outbox_by_invitation ON outbox (invitation_id);

DROP INDEX links_by_account;

DROP INDEX links_by_expiry;

ALTER TABLE links DROP COLUMN event_id;

ALTER TABLE links DROP COLUMN address;

ALTER TABLE links DROP COLUMN purpose;

ALTER TABLE links RENAME TO invitations;

CREATE INDEX invitations_by_account ON invitations (account_id);

CREATE INDEX invitations_by_expiry ON invitations (expires_at);
