-- People, their tokens and grants. Every change moves the access number, under the lock of the store.

CREATE TABLE users (
    id            uuid PRIMARY KEY,
    name          text NOT NULL CONSTRAINT users_name UNIQUE,
    password_hash text NOT NULL,
    one_time      boolean NOT NULL,
    created_at    timestamptz NOT NULL
);

CREATE TABLE tokens (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users,
    name       text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('session', 'api')),
    hash       bytea NOT NULL CHECK (length(hash) = 32),
    created_at timestamptz NOT NULL,
    expires_at timestamptz
);
CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE grants (
    id          uuid PRIMARY KEY,
    user_id     uuid NOT NULL REFERENCES users,
    role        text NOT NULL,
    environment text NOT NULL,
    namespace   text NOT NULL,
    key_prefix  text NOT NULL
);

CREATE TABLE access_log (
    number  bigint PRIMARY KEY,
    at      timestamptz NOT NULL,
    actor   text NOT NULL,
    action  text NOT NULL,
    subject text NOT NULL
);

-- Moves the access number, logs who did what, and wakes the nodes; the caller's statement makes the change itself.
CREATE FUNCTION log_access(actor text, action text, subject text) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    moved head%ROWTYPE;
    now timestamptz := clock_timestamp();
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;
    PERFORM lock_store();
    UPDATE head SET access = access + 1 RETURNING * INTO STRICT moved;
    INSERT INTO access_log (number, at, actor, action, subject) VALUES (moved.access, now, actor, action, subject);
    PERFORM pg_notify('pintle_head', format('%s.%s.%s', moved.epoch, moved.revision, moved.access));
    RETURN now;
END
$$;

-- The first admin: may manage and publish everything. Does nothing when there is any user.
CREATE FUNCTION create_first_admin(user_id uuid, user_name text, hash text, is_one_time boolean, OUT created boolean)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    now timestamptz;
BEGIN
    PERFORM lock_store();
    created := NOT EXISTS (SELECT FROM users);
    IF NOT created THEN
        RETURN;
    END IF;
    now := log_access('system', 'create_user', user_name);
    INSERT INTO users (id, name, password_hash, one_time, created_at) VALUES (user_id, user_name, hash, is_one_time, now);
    INSERT INTO grants (id, user_id, role, environment, namespace, key_prefix)
    SELECT gen_random_uuid(), create_first_admin.user_id, role, '*', '*', ''
    FROM unnest(ARRAY['admin', 'publisher']) AS role;
END
$$;

-- Sets a password. With a new password every session of the user ends; API tokens stay.
CREATE FUNCTION set_password(acting text, target_user uuid, hash text, is_one_time boolean) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM log_access(acting, CASE WHEN is_one_time THEN 'reset_password' ELSE 'set_password' END,
                       (SELECT name FROM users WHERE id = target_user));
    UPDATE users SET password_hash = hash, one_time = is_one_time WHERE id = target_user;
    DELETE FROM tokens WHERE user_id = target_user AND kind = 'session';
END
$$;

CREATE FUNCTION create_token(acting text, token_id uuid, owner uuid, label text, token_kind text, token_hash bytea, expiry timestamptz)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    now timestamptz;
BEGIN
    now := log_access(acting, 'create_' || token_kind || '_token', token_id::text);
    DELETE FROM tokens WHERE expires_at < now - interval '1 day';
    INSERT INTO tokens (id, user_id, name, kind, hash, created_at, expires_at)
    VALUES (token_id, owner, label, token_kind, token_hash, now, expiry);
END
$$;

CREATE FUNCTION revoke_token(acting text, token_id uuid, owner uuid, OUT revoked boolean)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM lock_store();
    DELETE FROM tokens WHERE id = token_id AND user_id = owner;
    revoked := FOUND;
    IF revoked THEN
        PERFORM log_access(acting, 'revoke_token', token_id::text);
    END IF;
END
$$;

UPDATE schema_level SET level = 2, oldest_level = 2;
