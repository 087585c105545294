-- From which networks each person logged in: a login from there is not slowed by what others try elsewhere.
CREATE TABLE login_places (
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    -- An address of version 4, or 64 bits of one of version 6.
    network text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, network)
);

UPDATE schema_level SET level = 9, oldest_level = 9;
