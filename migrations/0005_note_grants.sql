-- The head when a user's grants last changed. A subscriber that comes back with a cursor from before may have seen less,
-- or more, than it may see now, and begins anew.
ALTER TABLE users ADD COLUMN granted_at bigint NOT NULL DEFAULT 0;

UPDATE schema_level SET level = 5, oldest_level = 5;
