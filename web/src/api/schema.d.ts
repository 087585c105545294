// Generated from openapi.json by `npm run api`. Do not edit.

export interface paths {
    "/api/v1/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All groups and grants of the store, as `PUT` takes them. */
        get: operations["export_access"];
        /** Make groups and grants what they shall be, all of it or nothing. What is not named stays, unless `prune` ends it. */
        put: operations["apply_access"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/explain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether somebody may do something, by which grant, or what is missing and who could give it. */
        post: operations["explain_access"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is, what it holds, and what it may do with the token it shows. */
        get: operations["get_caller"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/who-can": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Who may do something, each with the grant by which it may. */
        post: operations["who_can"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List who did what, newest first, as far as the caller may audit it. */
        get: operations["list_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How two revisions, or two environments, differ. */
        get: operations["diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drafts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the drafts that the caller may see, newest first, without contents: its own, and those that are shared with whoever may
         *     edit drafts of all their entries.
         */
        get: operations["list_drafts"];
        put?: never;
        /**
         * Open a draft. Without a title there is one for each user and namespace: when it is there already it is answered with 200, as it
         *     is, and the changes that were sent are not taken.
         */
        post: operations["open_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/drafts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A draft with its contents, and what moved under it. What is secret comes masked. */
        get: operations["get_draft"];
        put?: never;
        post?: never;
        /** Delete a draft, with `If-Match` only as the caller has seen it. */
        delete: operations["delete_draft"];
        options?: never;
        head?: never;
        /**
         * Edit a draft: only what changes. `If-Match` says which hash the edit was made from; when the draft has another one by now, the
         *     answer is 412 with the draft as it is. Contents need not parse.
         */
        patch: operations["edit_draft"];
        trace?: never;
    };
    "/api/v1/drafts/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Publish a draft exactly as it was reviewed, as one revision. Afterwards it is gone. 409 `draft_moved` when it was edited since,
         *     409 `conflict` when an entry changed since.
         */
        post: operations["publish_draft"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the environments that the caller may see something of. */
        get: operations["list_environments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One environment. */
        get: operations["get_environment"];
        /** Create an environment, or replace its attributes. A freeze stays as it is. */
        put: operations["put_environment"];
        post?: never;
        /** Delete an environment that has no namespaces. */
        delete: operations["delete_environment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Refuse every publish to an environment, except rollback and revert, until it is unfrozen. */
        put: operations["freeze_environment"];
        post?: never;
        /** Allow publishes to an environment again. */
        delete: operations["unfreeze_environment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/instances": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List instances of an environment, by id.
         * @description Shows those that run on a namespace of which the caller may read something, and of their namespaces only these.
         */
        get: operations["list_instances"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/instances/{instance}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One instance. */
        get: operations["get_instance"];
        /** Say what an instance is, before it watches. The id belongs to the first user who used it, until the instance is gone. */
        put: operations["put_instance"];
        post?: never;
        /** Say goodbye for an instance that stops: it is gone at once and counts no more. */
        delete: operations["delete_instance"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/instances/{instance}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what became of revisions at an instance. Sending a receipt again is harmless. */
        post: operations["send_receipts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/namespaces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the namespaces of an environment that the caller may see something of. */
        get: operations["list_namespaces"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/namespaces/{ns}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One namespace. */
        get: operations["get_namespace"];
        /** Create a namespace, or replace its attributes. */
        put: operations["put_namespace"];
        post?: never;
        /** Delete a namespace with its entries, as one revision. A rollback brings it back. */
        delete: operations["delete_namespace"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/namespaces/{ns}/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the entries of a namespace, by key. */
        get: operations["list_entries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/namespaces/{ns}/entries/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One entry: JSON, or the raw bytes with `?raw` or `Accept: application/octet-stream`. */
        get: operations["get_entry"];
        /** Put one entry. The body is the content, byte for byte. */
        put: operations["put_entry"];
        post?: never;
        /** Delete one entry. */
        delete: operations["delete_entry"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/environments/{env}/namespaces/{ns}/redact/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Remove the bytes of one version of an entry for ever. Its hash, and that it was there, stay. */
        post: operations["redact_entry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the grants that the caller may see: its own, and those on parts of the store where it may give rights. */
        get: operations["list_grants"];
        put?: never;
        /**
         * Give a role to a user, a group or the scope of a token. Needs the right to grant on all of the place. An equal grant
         *     that is held already is answered with 200, and nothing changes.
         */
        post: operations["create_grant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/grants/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a grant away. Streams that it carried lose what it covered at once. */
        delete: operations["revoke_grant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all groups, by name. */
        get: operations["list_groups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/groups/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One group. A group that holds nothing and has nobody in it does not exist. */
        get: operations["get_group"];
        /** Replace the members of a group that are kept here. Members by a provider or an issuer stay. */
        put: operations["put_group"];
        post?: never;
        /** Take everything from a group: its grants, and the members that are kept here. */
        delete: operations["delete_group"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/identity-providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List where people may log in: the names for everybody, all of it for those who operate the store. */
        get: operations["list_identity_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/identity-providers/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an identity provider, without its secret. */
        get: operations["get_identity_provider"];
        /** Make or change an identity provider. Its issuer must stay once people logged in there. */
        put: operations["put_identity_provider"];
        post?: never;
        /** Delete an identity provider: whoever logged in there is logged out, and leaves the groups that it gave. */
        delete: operations["delete_identity_provider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The keys that secrets are sealed with, by their ids, and how far a rotation has come. */
        get: operations["list_keys"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rotate keys: after a new master key was set on every node, or to have secrets sealed with new data keys. */
        post: operations["rotate_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lost": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Acknowledged change sets that a failover or restore lost and this node still holds, ready to be published again. */
        get: operations["list_lost"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Change the caller's own password. The caller's other sessions end; this one and API tokens stay. */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pins": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all pins, the newest revision first. */
        get: operations["list_pins"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Publish a change set: any number of entries, namespaces and environments, all or nothing. */
        post: operations["publish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let the instances of a restored store follow it again. A dry run only says what they run. */
        post: operations["resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List revisions, newest first. */
        get: operations["list_revisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisions/{rev}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One revision with its changes and diffs. */
        get: operations["get_revision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisions/{rev}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Keep a revision readable however far the history is trimmed, or change the reason. */
        put: operations["pin_revision"];
        post?: never;
        /** Take a pin away. */
        delete: operations["unpin_revision"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/revisions/{rev}/receipts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who runs a revision: the instances that were there when it was committed, still are, and see one of its changes. */
        get: operations["get_receipts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go back, or forward, to a revision, or undo just one change set. Always a new revision. */
        post: operations["roll_back"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search keys and contents of what the caller may read, as they are now.
         * @description By environment, namespace and key. Of sealed and binary entries only the key is looked at. Case does not count, in any
         *     script. A page that ends early because time ran out says `complete: false`, and `next` where it goes on.
         */
        get: operations["search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log in. A one-time password must come with a new one. Programs get a token; with `cookie` a browser gets a cookie instead, and
         *     the session that it had before ends.
         */
        post: operations["log_in"];
        /** End the session, or the token, that this call carries. */
        delete: operations["log_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a program log in as the caller, who is logged in at a browser: gives a code for it, good for a minute and one try. */
        post: operations["grant_login_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Begin a login at a provider: sends the browser there. */
        get: operations["start_oidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/oidc/{provider}/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Finish a login at a provider: where it sends the browser back to. */
        get: operations["finish_oidc"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Log in with a code from the browser, and with what its challenge was made of. */
        post: operations["log_in_with_code"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the open sessions, the newest first. */
        get: operations["list_sessions"];
        put?: never;
        post?: never;
        /** End all sessions but the one that this call carries; or all of another user, for those who operate the store. */
        delete: operations["end_sessions"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a session: one's own, or anybody's for those who operate the store. */
        delete: operations["end_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/token": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Exchange a token for a short-lived one, which every node checks without the database.
         * @description With `Authorization` a session or an API token, of which the short-lived one then has the rights: it ends with it. With
         *     `subject_token` and no `Authorization` a token of a trusted issuer, such as a Kubernetes service account's or a CI job's.
         */
        post: operations["exchange_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the caller's tokens, without their secrets. A scoped token sees only itself. */
        get: operations["list_tokens"];
        put?: never;
        /** Make an API token, with the caller's rights or a scope within them. Its text is shown this once. */
        post: operations["create_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a token: one of the caller's, or anybody's for whoever operates the store. */
        delete: operations["revoke_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Replace a token by one of the same name, scope and lifetime; the old one goes on for a while. */
        post: operations["rotate_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trim": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Trim the history: contents that only older revisions need are deleted. Pinned revisions stay readable. */
        post: operations["trim_history"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trusted-issuers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the trusted issuers. */
        get: operations["list_trusted_issuers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/trusted-issuers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a trusted issuer. */
        get: operations["get_trusted_issuer"];
        /** Trust an issuer: its tokens are then exchanged for ours, and stand for the services that its rules name. */
        put: operations["put_trusted_issuer"];
        post?: never;
        /** Trust an issuer no more, which ends what was exchanged for its tokens. */
        delete: operations["delete_trusted_issuer"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List all users, by name. */
        get: operations["list_users"];
        put?: never;
        /** Make a user, who holds nothing yet. The one-time password of a person is shown this once. */
        post: operations["create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Show one user. */
        get: operations["get_user"];
        /** Disable a user, or enable it again. Disabled, it may do nothing whatever it holds; its sessions and streams end. */
        put: operations["put_user"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a person a one-time password, shown this once. The person's sessions end; API tokens stay. */
        post: operations["reset_password"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/watch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Everything that happens to some namespaces of an environment, as server-sent events, without a gap.
         * @description Begins with a snapshot, or, after `Last-Event-ID` or `after`, with what followed there. Events: `snapshot`, `change`,
         *     `checkpoint` every 15 s, `reset` before a new snapshot when continuity is lost, `bye` when the node stops. The topic
         *     `instances` adds `instance`: how each instance of the environment stands, all of them first, then those that changed.
         */
        get: operations["watch"];
        put?: never;
        /** The same with a body, for lists that are too long for an address. */
        post: operations["watch_with_body"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is alive. */
        get: operations["healthz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in Prometheus' text format. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether this node can answer reads, and what it knows about writes. */
        get: operations["readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A user who may. */
        AbleView: {
            /** @description The grant by which it may. A `group:` as its subject says by which group. */
            grant: components["schemas"]["HeldGrantView"];
            /** @description Person or service. */
            kind: components["schemas"]["UserKind"];
            /** @description Its name. */
            user: string;
        };
        /** @description What groups and grants shall be. */
        AccessBody: {
            /** @description Only say what would change. */
            dry_run?: boolean;
            /** @description Grants. */
            grants?: components["schemas"]["GrantBody"][];
            /** @description Groups with the members that are kept here, by name. */
            groups?: {
                [key: string]: string[];
            };
            /** @description Ends every grant of a user or a group and every membership kept here that is not named. */
            prune?: boolean;
        };
        /** @description Groups and grants of users and groups. The scopes of tokens are their owners' and not among them. */
        AccessDocument: {
            /** @description Grants. */
            grants?: components["schemas"]["GrantBody"][];
            /** @description Groups with the members that are kept here, by name. */
            groups?: {
                [key: string]: string[];
            };
        };
        /**
         * @description Something a caller wants to do.
         * @enum {string}
         */
        Action: "read" | "inspect" | "draft" | "publish" | "rollback" | "freeze" | "report" | "reveal" | "manage" | "grant" | "audit" | "administer";
        /** @description What changed, or would. */
        AppliedView: {
            /** @description What came. */
            added: components["schemas"]["AccessDocument"];
            /** @description Whether nothing was changed because only the changes were asked for. */
            dry_run: boolean;
            /** @description What went. */
            removed: components["schemas"]["AccessDocument"];
            /**
             * Format: int64
             * @description How many grants and memberships of the call were there already.
             */
            unchanged: number;
        };
        /** @description A page of the audit. */
        AuditList: {
            /** @description `before` of the next page; absent on the last one. */
            next?: string | null;
            /** @description Newest first. */
            rows: components["schemas"]["AuditRow"][];
        };
        /** @description Who did what to which target. */
        AuditRow: {
            /** @description The verb: `publish`, `denied`, `create_token`. */
            action: string;
            /** @description The user, `anonymous`, or `system` for the node itself. */
            actor: string;
            /** @description The address of the caller. */
            address?: string | null;
            /** @description What it is. */
            after?: unknown;
            /**
             * Format: date-time
             * @description When it happened.
             */
            at: string;
            /** @description What it was. */
            before?: unknown;
            /** @description The chain: `store`, or that of a node. */
            chain: string;
            /**
             * Format: int64
             * @description How many changes a revision has.
             */
            changed?: number | null;
            /**
             * Format: int64
             * @description How often it happened, when the row stands for several times.
             */
            count?: number | null;
            /** @description The environment it belongs to; absent when it belongs to none or several. */
            env?: string | null;
            /** @description The hash of the row, which covers all rows of the chain before it. */
            hash: string;
            /** @description Why, as the caller said. */
            message?: string | null;
            /** @description The namespace it belongs to; absent when it belongs to none or several. */
            namespace?: string | null;
            /** @description The request, as the log names it. */
            request_id?: string | null;
            /**
             * Format: int64
             * @description The revision it is about.
             */
            revision?: number | null;
            /**
             * Format: int64
             * @description The number in the chain, without gaps.
             */
            seq: number;
            /** @description On what. */
            target: string;
            /**
             * Format: uuid
             * @description The token that was shown.
             */
            token?: string | null;
        };
        /**
         * @description How a caller shows who it is.
         * @enum {string}
         */
        AuthenticatedBy: "session" | "token" | "jwt" | "issuer";
        /** @description `bye`: the node ends the stream; come back, elsewhere if possible. */
        ByeEvent: {
            /**
             * Format: int64
             * @description About how long to wait before, in milliseconds; spread it.
             */
            retry_ms: number;
        };
        /** @description Who the caller is, and what it may do with the token it showed. */
        CallerView: {
            /** @description How it showed who it is. */
            authenticated_by: components["schemas"]["AuthenticatedBy"];
            /** @description What it may do after all: the grants, within the scope. */
            effective: components["schemas"]["EffectiveView"][];
            /**
             * Format: date-time
             * @description Until when what it showed is taken.
             */
            expires_at?: string | null;
            /** @description The grants it holds by itself and by its groups. */
            grants: components["schemas"]["HeldGrantView"][];
            /** @description The groups it is in. */
            groups: components["schemas"]["MembershipView"][];
            /** @description The trusted issuer that vouched for it. */
            issuer?: string | null;
            /** @description Person or service. */
            kind: components["schemas"]["UserKind"];
            /** @description What the token is limited to; absent when it may whatever its owner may. */
            scope?: components["schemas"]["HeldGrantView"][] | null;
            /** @description The server that answers. */
            server: components["schemas"]["ServerView"];
            token?: components["schemas"]["ShownTokenView"] | null;
            /** @description The login name. */
            user: string;
        };
        /** @description One change of a publish. */
        ChangeBody: {
            /** @description Put: the content as text. */
            content?: string | null;
            /** @description Put: the content in standard base64. */
            content_base64?: string | null;
            /** @description The environment. */
            env: string;
            format?: components["schemas"]["Format"] | null;
            /**
             * Format: int64
             * @description The revision of the entry that was edited; 0 = must not exist.
             */
            if_revision?: number | null;
            /** @description The key. */
            key: string;
            /** @description The namespace. */
            namespace: string;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /** @description Put: all of it is secret. Once marked, an entry stays sealed; without a word about it, its marks stay. */
            secret?: boolean | null;
            /** @description Put: these values are secret: JSON Pointers, or names of properties; at most 100. */
            secret_paths?: string[] | null;
        };
        /** @description `change`: one revision, with what the subscriber may see of it. */
        ChangeEvent: {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When it was committed.
             */
            at: string;
            /** @description The changes. */
            changes: components["schemas"]["WatchedChange"][];
            /** @description What kind of change: `publish`, `rollback`, … */
            kind: string;
            /** @description Whether this is all, or the last part. Nothing is applied before it. */
            last?: boolean;
            /** @description Why. */
            message: string;
            /**
             * Format: int32
             * @description Set when the revision comes in parts: counts them, from 0.
             */
            part?: number | null;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
            /** @description The trace it belongs to, when the publish carried one. */
            trace?: string | null;
        };
        /** @description One change that a write made, or would make. */
        ChangedView: {
            /** @description The environment. */
            env: string;
            /** @description The key, when an entry changed. */
            key?: string | null;
            /** @description The namespace, unless the environment itself changed. */
            namespace?: string | null;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /**
             * Format: int64
             * @description Its revision before, 0 when it was not there.
             */
            previous: number;
        };
        /** @description A part of a text, in characters (Unicode scalar values) from 0: neither bytes nor UTF-16 units. */
        CharRange: {
            /**
             * Format: int64
             * @description The character after the last one.
             */
            end_char: number;
            /**
             * Format: int64
             * @description The first character.
             */
            start_char: number;
        };
        /** @description `checkpoint`: everything up to the revision was sent. */
        CheckpointEvent: {
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
        };
        /**
         * @description What went wrong, as a stable word. Programs match on this, never on texts.
         * @enum {string}
         */
        Code: "bad_request" | "unauthenticated" | "wrong_password" | "denied" | "needs_full_token" | "no_service" | "sealed" | "self_grant" | "not_through_proxy" | "cross_site" | "login_refused" | "password_change_required" | "not_found" | "method_not_allowed" | "request_timeout" | "conflict" | "draft_moved" | "revert_conflict" | "already_exists" | "last_admin" | "idempotency_key_reused" | "instance_taken" | "not_empty" | "confirmation_required" | "redacted" | "compacted" | "precondition_failed" | "too_large" | "uri_too_long" | "unsupported_encoding" | "invalid_content" | "invalid" | "sealed_stays" | "invalid_marker" | "over_limit" | "message_required" | "no_master_key" | "frozen" | "precondition_required" | "too_many_requests" | "head_too_large" | "internal" | "provider_failed" | "unavailable" | "not_there_yet" | "outcome_unknown" | "issuer_unreachable" | "access_stale" | "held" | "too_many_connections" | "draining" | "timeout" | "Unknown";
        /** @description A login with a code. */
        CodeBody: {
            /** @description The code that the browser gave. */
            code: string;
            /** @description What the challenge was made of, 43 to 128 characters. */
            verifier: string;
        };
        /** @description A code for a program. */
        CodeView: {
            /** @description Good for one try. */
            code: string;
            /**
             * Format: date-time
             * @description From when on it is refused.
             */
            expires_at: string;
        };
        /**
         * @description How what an instance runs stands to what it should run.
         * @enum {string}
         */
        Condition: "in_sync" | "behind" | "rejected" | "held" | "unknown";
        /** @description An entry that is not what the caller edited. */
        ConflictView: {
            /**
             * Format: int64
             * @description The revision that is there; 0 when the entry does not exist.
             */
            current: number;
            /** @description The environment. */
            env: string;
            /**
             * Format: int64
             * @description The `if_revision` that was sent.
             */
            expected: number;
            /** @description The key. */
            key: string;
            /** @description The namespace. */
            namespace: string;
            theirs?: components["schemas"]["SideView"] | null;
            yours?: components["schemas"]["SideView"] | null;
        };
        /** @description A content as JSON carries it: text when it is UTF-8, else base64. */
        ContentView: {
            /** @description The content, when it is UTF-8. */
            content?: string | null;
            /** @description The content in standard base64, when it is not. */
            content_base64?: string | null;
        };
        /** @description A data key. */
        DataKeyView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description The environment of the namespace. */
            environment?: string | null;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description The id of the master key that wraps it. */
            master: string;
            /** @description The namespace whose contents it seals. */
            namespace?: string | null;
            /** @description What it is for. */
            purpose: components["schemas"]["KeyPurpose"];
            /**
             * Format: int64
             * @description Retired: contents that are still to be sealed anew.
             */
            remaining?: number | null;
            /**
             * Format: date-time
             * @description When another one took its place.
             */
            retired_at?: string | null;
        };
        /** @description One entry that differs. */
        DiffEntryView: {
            /** @description What changed. */
            diff: components["schemas"]["EntryDiff"];
            /** @description How it differs. */
            difference: components["schemas"]["Difference"];
            /** @description Left: SHA-256. */
            from_hash?: string | null;
            /**
             * Format: int64
             * @description Left: its revision.
             */
            from_revision?: number | null;
            /** @description The key. */
            key: string;
            /** @description The namespace. */
            namespace: string;
            /** @description Whether a side is sealed. Then the diff is one of masked texts. */
            sealed?: boolean;
            /** @description Right: SHA-256. */
            to_hash?: string | null;
            /**
             * Format: int64
             * @description Right: its revision.
             */
            to_revision?: number | null;
        };
        /** @description A side of a diff. */
        DiffSide: {
            /** @description The environment. */
            env: string;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
        };
        /** @description How two revisions or two environments differ. */
        DiffView: {
            /** @description What differs, by namespace and key. */
            entries: components["schemas"]["DiffEntryView"][];
            /** @description Left. */
            from: components["schemas"]["DiffSide"];
            /** @description Right. */
            to: components["schemas"]["DiffSide"];
        };
        /**
         * @description How an entry differs.
         * @enum {string}
         */
        Difference: "added" | "removed" | "changed";
        /** @description Opens a draft. */
        DraftBody: {
            /** @description What it begins with. */
            changes?: components["schemas"]["DraftChangeBody"][];
            /** @description The environment of all its changes. */
            env: string;
            /** @description Its home. Its changes may be of other namespaces, too. */
            namespace: string;
            /** @description Whether others may see and edit it who may edit drafts of all its entries. */
            shared?: boolean;
            /** @description For people, at most 1024 bytes. Without one there is one draft for each user and namespace. */
            title?: string;
        };
        /** @description One change of a draft, as it is written. */
        DraftChangeBody: {
            /** @description Put: the content as text. It need not parse before it is published. */
            content?: string | null;
            /** @description Put: the content in standard base64. */
            content_base64?: string | null;
            format?: components["schemas"]["Format"] | null;
            /**
             * Format: int64
             * @description The revision of the entry that was edited; 0 = it did not exist.
             */
            if_revision: number;
            /** @description The key. */
            key: string;
            /** @description The namespace. */
            namespace: string;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /** @description Put: all of it is secret. Without a word about it, the marks that the draft or else the entry has stay. */
            secret?: boolean | null;
            /** @description Put: these values are secret: JSON Pointers, or names of properties; at most 100. */
            secret_paths?: string[] | null;
        };
        /** @description One change of a draft. */
        DraftChangeView: components["schemas"]["ContentView"] & {
            base?: components["schemas"]["SideView"] | null;
            format?: components["schemas"]["Format"] | null;
            /**
             * Format: int64
             * @description The revision of the entry that was edited; 0 = it did not exist.
             */
            if_revision: number;
            /** @description The key. */
            key: string;
            /** @description Whether markers stand in the content for what is secret. Written back where it stands, a marker keeps its value. */
            masked?: boolean;
            /** @description Whether the entry is not at `if_revision` any more. */
            moved?: boolean;
            /** @description The namespace. */
            namespace: string;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /** @description Whether something of it is secret, so that it is sealed and comes masked. */
            sealed?: boolean;
            /** @description Put: whether all of it was said to be secret, or not. */
            secret?: boolean | null;
            /** @description Put: the values that were said to be secret. */
            secret_paths?: string[] | null;
            theirs?: components["schemas"]["SideView"] | null;
        };
        /** @description Drafts, newest first. */
        DraftList: {
            /** @description One page, without contents. */
            drafts: components["schemas"]["DraftView"][];
            /** @description Pass it as `after` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description Edits a draft: only what changes. */
        DraftPatch: {
            /** @description Entries that it shall not change any more. */
            drop?: components["schemas"]["DraftPlace"][];
            /** @description Changes that are new, or come in the place of those of the same entry. */
            put?: components["schemas"]["DraftChangeBody"][];
            /** @description Whether others may see it; for its owner to say. */
            shared?: boolean | null;
            /** @description The new title. */
            title?: string | null;
        };
        /** @description An entry of the environment of a draft. */
        DraftPlace: {
            /** @description The key. */
            key: string;
            /** @description The namespace. */
            namespace: string;
        };
        /** @description Publishes a draft as it was reviewed. */
        DraftPublishBody: {
            /**
             * Format: int64
             * @description The head that the review was made at. An entry that changed after it is a conflict.
             */
            base: number;
            /** @description Judge only. */
            dry_run?: boolean;
            /** @description Says that it is meant, and shows in the history. It does not make conflicts go away. */
            force?: boolean;
            /** @description The hash of the draft that was reviewed. */
            hash: string;
            /** @description Why, for people. */
            message?: string;
        };
        /** @description A draft. */
        DraftView: {
            /** @description By namespace and key. */
            changes: components["schemas"]["DraftChangeView"][];
            /**
             * Format: date-time
             * @description When it was opened.
             */
            created_at: string;
            /** @description The environment of all its changes. */
            env: string;
            /** @description Over everything that publishing it would do, lowercase hex: its ETag, and what a publish of it names. */
            hash: string;
            /**
             * Format: int64
             * @description The revision at which it was judged what moved.
             */
            head: number;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description Its home. */
            namespace: string;
            /** @description The user who opened it. */
            owner: string;
            /** @description Whether others may see and edit it who may edit drafts of all its entries. */
            shared: boolean;
            /** @description For people; empty for the one that a console opens by itself. */
            title?: string;
            /**
             * Format: date-time
             * @description When it was last edited.
             */
            updated_at: string;
            /**
             * Format: int64
             * @description How many changes its owner made where it has no right to any more: they are not shown, and keep it from being published.
             */
            withheld?: number;
        };
        /** @description Actions on a part of the store. */
        EffectiveView: {
            /** @description What may be done. */
            actions: components["schemas"]["Action"][];
            /** @description Glob over environments; `a&b` stands for the names that match both. */
            environment: string;
            /** @description Prefix of keys; empty covers all. */
            key_prefix: string;
            /** @description Glob over namespaces; `a&b` stands for the names that match both. */
            namespace: string;
        };
        /** @description How two texts of an entry differ. */
        EntryDiff: {
            /** @description Whether only the format differs. */
            format_only?: boolean;
            /** @description Unified text; absent when a side is not text. */
            unified?: string | null;
            /** @description Which values changed; absent when a side does not parse or has no values. */
            values?: components["schemas"]["ValueChange"][] | null;
        };
        /** @description Entries of a namespace, by key. */
        EntryList: {
            /** @description One page. */
            entries: components["schemas"]["EntryView"][];
            /** @description Pass it as `cursor` for the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description An entry. */
        EntryView: components["schemas"]["ContentView"] & {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When that was committed.
             */
            at: string;
            /** @description Its environment. */
            environment: string;
            /** @description How its content is to be understood. */
            format: components["schemas"]["Format"];
            /** @description SHA-256 of the bytes, lowercase hex; of a sealed entry, a keyed hash. */
            hash: string;
            /** @description Its key. */
            key: string;
            marks?: components["schemas"]["MarksView"] | null;
            /** @description Whether markers stand in the content for what is secret. Written back where it stands, a marker keeps its value. */
            masked?: boolean;
            /** @description Its namespace. */
            namespace: string;
            /** @description Whether the bytes of this version were removed for ever. */
            redacted?: boolean;
            /**
             * Format: int64
             * @description Its last change: its ETag, and what `if_revision` compares with.
             */
            revision: number;
            /** @description Whether it is sealed. Then the content is absent, masked, or revealed. */
            sealed?: boolean;
            /**
             * Format: int64
             * @description Bytes of the content.
             */
            size: number;
        };
        /** @description What a `PUT` of an environment sets. */
        EnvironmentBody: {
            /** @description `#rrggbb`. */
            colour?: string | null;
            /** @description For people, at most 1024 bytes. */
            description?: string | null;
            /** @description Why, for the history. */
            message?: string | null;
            tier?: components["schemas"]["Tier"] | null;
        };
        /** @description The environments that the caller may see. */
        EnvironmentList: {
            /** @description By name. */
            environments: components["schemas"]["EnvironmentView"][];
        };
        /** @description An environment. */
        EnvironmentView: {
            /** @description Its colour. */
            colour?: string | null;
            /** @description For people. */
            description?: string;
            frozen?: components["schemas"]["Freeze"] | null;
            /** @description Its name. */
            name: string;
            /** @description Whether writes need a precondition and a message. */
            protected: boolean;
            /**
             * Format: int64
             * @description The last change of these attributes.
             */
            revision: number;
            tier?: components["schemas"]["Tier"] | null;
        };
        /** @description What is exchanged for a short-lived token: nothing here for the token in `Authorization`. */
        ExchangeBody: {
            /** @description A token of a trusted issuer, instead of one of ours. */
            subject_token?: string | null;
        };
        /** @description A short-lived token, for `Authorization: Bearer`. */
        ExchangeView: {
            /**
             * Format: date-time
             * @description When it ends, after ten minutes at the latest.
             */
            expires_at: string;
            /** @description A JWT that only this server reads. */
            token: string;
        };
        /** @description A question: may somebody do this there? */
        ExplainBody: {
            /** @description What is to be done. */
            action: components["schemas"]["Action"];
            /** @description Where; the store as a whole when absent. */
            environment?: string | null;
            /** @description With `namespace`; all of its keys when absent. */
            key?: string | null;
            /** @description With `environment`; all of its namespaces when absent. */
            namespace?: string | null;
            /**
             * @description `user:NAME` or `token:ID`; the caller with its token when absent. About others only those are told who may give
             *     rights there or read its audit.
             */
            subject?: string | null;
        };
        /** @description The answer. */
        ExplainView: {
            /** @description What is to be done. */
            action: components["schemas"]["Action"];
            /** @description Whether it may, on all of the target. */
            allowed: boolean;
            grant?: components["schemas"]["HeldGrantView"] | null;
            partly?: components["schemas"]["HeldGrantView"] | null;
            /** @description Why, or why not. */
            reason: components["schemas"]["ReasonView"];
            /** @description Who was asked about. */
            subject: string;
            /** @description On what. */
            target: string;
            /** @description Not granted: users who could give the right, ten at most. Empty when the caller may not know. */
            who_can_grant?: string[];
        };
        /** @description One bad place in the input. */
        FieldProblem: {
            /**
             * Format: int32
             * @description Column in the content, in characters from 1.
             */
            column?: number | null;
            /** @description Where: a parameter, header or path into the body, such as `changes[2].key`. */
            field: string;
            /**
             * Format: int32
             * @description Line in the content, from 1.
             */
            line?: number | null;
            /** @description What is wrong, with the limit. */
            problem: string;
        };
        /** @description The instances of a namespace, as far as they were heard of in the last 10 minutes. */
        FollowersView: {
            /**
             * Format: int64
             * @description How many of them run content that the store does not have: when they follow it, they go back.
             */
            ahead: number;
            /** @description The environment. */
            env: string;
            /**
             * Format: int64
             * @description How many there are.
             */
            instances: number;
            /** @description The namespace. */
            namespace: string;
        };
        /**
         * @description The format of an entry's content.
         * @enum {string}
         */
        Format: "yaml" | "json" | "toml" | "properties" | "xml" | "env" | "text" | "binary";
        /**
         * @description Where inside of an entry a text was found.
         * @enum {string}
         */
        FoundIn: "key" | "content";
        /** @description A line of a content that has the text. */
        FoundLine: {
            /**
             * Format: int64
             * @description The character of the line that the snippet begins with, from 1.
             */
            column: number;
            /** @description Whether the line goes on after the snippet. */
            cut?: boolean;
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            line: number;
            /** @description Where in the snippet the text stands. */
            ranges: components["schemas"]["CharRange"][];
            /** @description The line, or at most 160 characters of it around the first place, more when the text itself is longer. */
            snippet: string;
        };
        /** @description Why nothing is published to an environment at present. */
        Freeze: {
            /** @description Who froze it. */
            by: string;
            /** @description What the person who froze it said. */
            reason: string;
        };
        /** @description Why an environment is frozen. */
        FreezeBody: {
            /** @description Shown to everybody whose publish is refused, at most 1024 bytes. */
            reason: string;
        };
        /** @description A role to be given to somebody on a part of the store. */
        GrantBody: {
            /** @description Glob over environments: `prod`, `prod-*`, `*`. */
            environment: string;
            /** @description Prefix of keys; empty covers all. */
            key_prefix?: string;
            /** @description Glob over namespaces: `orders`, `orders*`, `*`. A `*` crosses dots. */
            namespace: string;
            /** @description The role. */
            role: components["schemas"]["Role"];
            /** @description `user:NAME`, `group:NAME` or `token:ID`. What a token is given is its scope: it narrows what its owner may. */
            subject: string;
        };
        /** @description A program to be let in. */
        GrantCodeBody: {
            /** @description SHA-256 of what the program keeps for itself, in base64url without padding. */
            challenge: string;
        };
        /** @description A page of grants. */
        GrantList: {
            /** @description By subject and place. */
            grants: components["schemas"]["HeldGrantView"][];
            /** @description For `after=` of the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A grant. */
        GrantView: {
            /** @description Glob over environments. */
            environment: string;
            /** @description Prefix of keys; empty covers all. */
            key_prefix: string;
            /** @description Glob over namespaces. */
            namespace: string;
            /** @description The role. */
            role: string;
        };
        /** @description The members of a group that are kept here. */
        GroupBody: {
            /** @description All of them, by name; whoever is left out leaves. Members by a provider or an issuer stay. */
            members: string[];
        };
        /** @description A page of groups. */
        GroupList: {
            /** @description By name. */
            groups: components["schemas"]["GroupView"][];
            /** @description For `after=` of the next page; absent on the last one. */
            next?: string | null;
        };
        /** @description A group: whatever it holds, everybody in it holds. */
        GroupView: {
            /** @description What it holds. */
            grants: components["schemas"]["HeldGrantView"][];
            /** @description Who is in it, by name. */
            members: components["schemas"]["MemberView"][];
            /** @description Its name. */
            name: string;
        };
        /** @description A grant with who holds it. */
        HeldGrantView: components["schemas"]["GrantView"] & {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description `user:NAME`, `group:NAME` or `token:ID`. */
            subject: string;
        };
        /** @description What a deletion would take away. */
        Impact: {
            /**
             * Format: int64
             * @description Drafts that touch it. They stay, and what they change in it counts as moved.
             */
            drafts?: number;
            /**
             * Format: int64
             * @description Entries that would be deleted.
             */
            entries: number;
        };
        /** @description What an instance says about itself before it watches. */
        InstanceBody: {
            /** @description Where it is reached. */
            address?: string | null;
            /** @description The release of the agent or library that speaks for it. */
            agent?: string | null;
            /** @description Whether somebody on its machine stopped it from taking changes. */
            held?: boolean;
            /** @description For selecting: `zone`, `cluster`, … */
            labels?: {
                [key: string]: string;
            };
            /** @description The namespaces it runs on, the later over the earlier ones. */
            namespaces: string[];
            /** @description The service it is one of. */
            service: string;
            /** @description The release of the service. */
            version?: string | null;
        };
        /** @description `instance`: how an instance stands, on a watch with `topic=instances`. */
        InstanceEvent: {
            /**
             * Format: int64
             * @description How many revisions it is behind.
             */
            behind: number;
            /** @description Its id. */
            id: string;
            /** @description The namespaces it runs on. */
            namespaces: string[];
            /** @description Whether it is there. */
            presence: components["schemas"]["Presence"];
            /** @description Why it rejected the newest one it tried. */
            reason?: string | null;
            /**
             * Format: int64
             * @description The newest revision it applied.
             */
            revision?: number | null;
            runs?: components["schemas"]["RunsView"] | null;
            /** @description How what it runs stands to what it should run. */
            state: components["schemas"]["Condition"];
        };
        /** @description Instances of an environment, by id. */
        InstanceList: {
            /** @description One page. */
            instances: components["schemas"]["InstanceView"][];
            /** @description Pass it as `cursor` for the next page; absent on the last one. */
            next?: string | null;
            summary?: components["schemas"]["InstanceSummaryView"] | null;
        };
        /**
         * @description What instances come to, over all pages. All but `total` is counted over those of the same namespace, service and
         *     labels, whatever else narrows the list; all but `total` and `presences` over those of them that are not gone.
         */
        InstanceSummaryView: {
            /**
             * Format: int64
             * @description How many could not bring back what ran before a rejection.
             */
            broken: number;
            /**
             * Format: int64
             * @description How many are not shown to run what they should: not in sync, or with files of entries that are gone.
             */
            drifted: number;
            /**
             * Format: int64
             * @description How many keep files of entries that are gone.
             */
            missing: number;
            /**
             * Format: int64
             * @description How many are not among those.
             */
            older: number;
            /**
             * @description How many are live, late and gone.
             * @example {
             *       "gone": 2,
             *       "late": 1,
             *       "live": 40
             *     }
             */
            presences: {
                [key: string]: number;
            };
            /** @description How many run which change: the newest 100, newest first. */
            runs: components["schemas"]["RunsCount"][];
            /**
             * @description How many stand in sync, behind and so on.
             * @example {
             *       "behind": 2,
             *       "held": 0,
             *       "in_sync": 38,
             *       "rejected": 1,
             *       "unknown": 0
             *     }
             */
            states: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description How many the list has on all its pages.
             */
            total: number;
            /**
             * Format: int64
             * @description How many have a probe that fails.
             */
            unhealthy: number;
        };
        /** @description An instance. */
        InstanceView: {
            /** @description Where it is reached. */
            address?: string | null;
            /** @description The release of the agent or library that speaks for it. */
            agent?: string | null;
            /**
             * Format: date-time
             * @description When it said so.
             */
            applied_at?: string | null;
            /**
             * Format: int64
             * @description How many revisions after that touch what it sees; counted up to 1000.
             */
            behind: number;
            /** @description How what it runs stands to what it should run. */
            condition: components["schemas"]["Condition"];
            /** @description Whether more than one live stream uses its id. */
            duplicate_id?: boolean;
            /** @description Its environment. */
            environment: string;
            /** @description Its id, unique in the environment. */
            id: string;
            /** @description For selecting. */
            labels: {
                [key: string]: string;
            };
            /** @description Entries that are not there any more and whose files it keeps, as `namespace/key`. */
            missing?: string[];
            /** @description The namespaces it runs on. */
            namespaces: string[];
            /** @description Who owns the id. */
            owner: string;
            /** @description Whether it is there. */
            presence: components["schemas"]["Presence"];
            /**
             * Format: date-time
             * @description Since when, by the database's clock.
             */
            presence_since: string;
            rejected?: components["schemas"]["ReceiptView"] | null;
            /**
             * Format: int64
             * @description The newest revision it applied.
             */
            revision?: number | null;
            runs?: components["schemas"]["RunsView"] | null;
            /** @description The service it is one of. */
            service: string;
            /** @description Whether its probe fails. */
            unhealthy?: boolean;
            /** @description The release of the service. */
            version?: string | null;
        };
        /** @description An issuer whose tokens machines exchange for ours. Either `keys` or `keys_url`. */
        IssuerBody: {
            /** @description The only `aud` that its tokens must have. */
            audience: string;
            /** @description The `iss` of its tokens, exactly. */
            issuer: string;
            /** @description What verifies its tokens, as a JWK set. */
            keys?: Record<string, never> | null;
            /** @description Where its JWK set is: `https`, or `http` on the server's own machine. */
            keys_url?: string | null;
            /** @description Which of its tokens stand for whom: the first rule that fits decides. */
            rules: components["schemas"]["IssuerRule"][];
        };
        /** @description All trusted issuers. */
        IssuerList: {
            /** @description By name. */
            issuers: components["schemas"]["IssuerView"][];
        };
        /** @description Which tokens of an issuer stand for whom. */
        IssuerRule: {
            /** @description Claims that must match, by JSON Pointer or plain name; `*` stands for any characters. */
            claims: {
                [key: string]: string;
            };
            /** @description Groups it is in besides those of the user. */
            groups?: string[];
            /** @description The user it stands for; `{claim}` inserts a claim. */
            user: string;
        };
        /** @description A trusted issuer. */
        IssuerView: components["schemas"]["IssuerBody"] & {
            /** @description What it is called here. */
            name: string;
        };
        /**
         * @description What a change was about.
         * @enum {string}
         */
        ItemKind: "entry" | "namespace" | "environment";
        /** @description One change of a revision. */
        ItemView: {
            diff?: components["schemas"]["EntryDiff"] | null;
            /** @description The environment. */
            env: string;
            format?: components["schemas"]["Format"] | null;
            /** @description Entry put: SHA-256 of its bytes. */
            hash?: string | null;
            /** @description Entry, namespace or environment. */
            item: components["schemas"]["ItemKind"];
            /** @description The key. */
            key?: string | null;
            /** @description The namespace. */
            namespace?: string | null;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /**
             * Format: int64
             * @description The item's revision before, 0 when it was not there.
             */
            previous: number;
            /** @description Entry put: whether it is sealed. Then the hash is a keyed one, and the diff is one of masked texts. */
            sealed?: boolean;
            /**
             * Format: int64
             * @description Entry put: bytes.
             */
            size?: number | null;
        };
        /** @description The keys of the store. */
        KeyList: {
            /** @description All data keys, the oldest first. */
            data_keys: components["schemas"]["DataKeyView"][];
            /** @description The id of this node's master key; absent when it has none. */
            master?: string | null;
            /**
             * Format: int64
             * @description Contents that are still to be sealed anew.
             */
            to_seal: number;
            /**
             * Format: int64
             * @description Data keys that another master key wraps.
             */
            to_wrap: number;
        };
        /**
         * @description What a data key is for.
         * @enum {string}
         */
        KeyPurpose: "hash" | "seal";
        /**
         * @description The kind of a revision, as the history shows it.
         * @enum {string}
         */
        Kind: "publish" | "rollback" | "revert" | "environment" | "namespace" | "freeze";
        /** @description When something changed last. */
        LastChangeView: {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When that was committed.
             */
            at: string;
            /**
             * Format: int64
             * @description The revision that brought it.
             */
            revision: number;
        };
        /** @description A login. */
        LoginBody: {
            /** @description For browsers: the session comes as a cookie, and no token is given. */
            cookie?: boolean;
            /** @description The login name. */
            name: string;
            /**
             * @description Sets a new password; required after a one-time password. 12 to 128 characters of any kind, at least 8 of
             *     them outside the user name, common words, rows of keys, sequences and repetitions. It is taken byte by byte,
             *     without Unicode normalisation.
             */
            new_password?: string | null;
            /** @description The password, or a one-time password. */
            password: string;
        };
        /** @description Change sets that were acknowledged, that a failover or restore lost, and that this node still holds. */
        LostList: {
            /** @description By revision of the history that lost them. */
            lost: components["schemas"]["LostView"][];
        };
        /** @description One lost change set, ready to be published again. */
        LostView: {
            publish?: components["schemas"]["PublishBody"] | null;
            /** @description What was acknowledged. */
            revision: components["schemas"]["RevisionView"];
        };
        /** @description What is secret in an entry: all of it, or some values. */
        MarksView: {
            /** @description All of it. */
            secret?: boolean;
            /** @description These values: JSON Pointers, or names of properties. */
            secret_paths?: string[];
        };
        /** @description Somebody in a group. */
        MemberView: {
            /** @description `local` when it is kept here and may be changed here, else the provider or the issuer that says so. */
            source: string;
            /** @description The user. */
            user: string;
        };
        /** @description A group that a user is in. */
        MembershipView: {
            /** @description The group. */
            group: string;
            /** @description `local` when it is kept here, else the provider or the issuer because of which the user is in it. */
            source: string;
        };
        /** @description What a `PUT` of a namespace sets. */
        NamespaceBody: {
            /** @description For people, at most 1024 bytes. */
            description?: string | null;
            /** @description Why, for the history. */
            message?: string | null;
            /** @description Keys that are secret as a whole: globs such as `*.pem`. When absent, those that are there stay. */
            secret_keys?: string[] | null;
        };
        /** @description The namespaces of an environment that the caller may see. */
        NamespaceList: {
            /** @description By name. */
            namespaces: components["schemas"]["NamespaceView"][];
        };
        /** @description A namespace. */
        NamespaceView: {
            /**
             * Format: int64
             * @description Bytes of their contents.
             */
            bytes: number;
            /** @description For people. */
            description?: string;
            /**
             * Format: int64
             * @description How many entries it has that the caller may read.
             */
            entries: number;
            /** @description Its environment. */
            environment: string;
            /** @description The last change of it or of one of these entries. */
            last_change: components["schemas"]["LastChangeView"];
            /** @description Its name. */
            name: string;
            /**
             * Format: int64
             * @description The last revision that touched it or any of its entries.
             */
            revision: number;
            /** @description Keys that are secret as a whole. */
            secret_keys?: string[];
        };
        /** @description A new token with its secret, which is shown this once. */
        NewTokenView: components["schemas"]["TokenView"] & {
            /** @description The text for `Authorization: Bearer` and `PINTLE_TOKEN`. */
            token: string;
        };
        /** @description A new user. */
        NewUserView: components["schemas"]["UserView"] & {
            /** @description For the first login of a person, which must set another one. Shown once. */
            one_time_password?: string | null;
        };
        /** @description A one-time password. */
        OneTimePasswordView: {
            /** @description For the next login, which must set another one. Shown once. */
            one_time_password: string;
        };
        /**
         * @description What a change does.
         * @enum {string}
         */
        Op: "put" | "delete";
        /** @description An open session. */
        OpenSessionView: {
            /** @description The address it was opened from. */
            address?: string | null;
            /** @description The program it was opened with, as that called itself. */
            agent?: string | null;
            /** @description Whether a browser holds it in a cookie; else a program has its token. */
            browser: boolean;
            /**
             * Format: date-time
             * @description When it was opened.
             */
            created_at: string;
            /** @description Whether this call carries it. */
            current: boolean;
            /**
             * Format: date-time
             * @description When it ends at the latest.
             */
            expires_at?: string | null;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: date-time
             * @description When it was last used; up to a minute late when that was at another node.
             */
            last_used_at?: string | null;
        };
        /**
         * @description What became of a revision at an instance that counts for it.
         * @enum {string}
         */
        Outcome: "applied" | "rejected" | "superseded" | "pending";
        /** @description A change of one's own password. */
        PasswordBody: {
            /**
             * @description The new one: 12 to 128 characters of any kind, at least 8 of them outside the user name, common words, rows of
             *     keys, sequences and repetitions. It is taken byte by byte, without Unicode normalisation.
             */
            new_password: string;
            /** @description The present one. */
            password: string;
        };
        /** @description Why a revision shall stay readable. */
        PinBody: {
            /** @description For people. */
            reason: string;
        };
        /** @description All pins, the newest revision first. */
        PinList: {
            /** @description The pins. */
            pins: components["schemas"]["PinView"][];
        };
        /** @description A revision that stays readable however far the history is trimmed. */
        PinView: {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When that was.
             */
            at: string;
            /** @description Why. */
            reason: string;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
        };
        /**
         * @description Whether an instance is there.
         * @enum {string}
         */
        Presence: "live" | "late" | "gone";
        /** @description The body of every error, `application/problem+json`. */
        Problem: {
            /** @description `denied`: the missing action. */
            action?: string | null;
            /** @description The stable word. */
            code: components["schemas"]["Code"];
            /** @description `conflict`: both texts of every entry in conflict. */
            conflicts?: components["schemas"]["ConflictView"][];
            /**
             * Format: int64
             * @description `conflict` on an environment or namespace: its present revision.
             */
            current_revision?: number | null;
            /** @description What happened this time. */
            detail?: string | null;
            draft?: components["schemas"]["DraftView"] | null;
            /** @description What is wrong with the input. */
            fields?: components["schemas"]["FieldProblem"][];
            impact?: components["schemas"]["Impact"] | null;
            /**
             * Format: int64
             * @description `compacted`: the lowest revision with which the call works.
             */
            lowest?: number | null;
            /** @description Finds the request in the log. */
            request_id?: string;
            /** @description `revert_conflict`: what changed since. */
            revert_conflicts?: components["schemas"]["RevertConflictView"][];
            /**
             * Format: int32
             * @description The HTTP status.
             */
            status: number;
            /** @description `denied`: what it is missing on. */
            target?: string | null;
            /** @description A short sentence for people. */
            title: string;
            /** @description `urn:pintle:problem:` and the code. */
            type: string;
            /** @description `denied`: users who could do it, ten at most. */
            who_can?: string[];
            /** @description `denied`: users who could give the right, ten at most. */
            who_can_grant?: string[];
        };
        /** @description An `OpenID` provider, to be made or changed. */
        ProviderBody: {
            /** @description Who this server is there. */
            client_id: string;
            /** @description The secret of this server there; absent keeps the one that is there. */
            client_secret?: string | null;
            /** @description Values of that claim, each with the group that it means here. When empty, values that are names of groups mean these. */
            groups?: {
                [key: string]: string;
            };
            /** @description The claim that lists groups. */
            groups_claim?: string | null;
            /** @description Its issuer, exactly as its tokens name it: an `https` address. */
            issuer: string;
            /** @description The claim that becomes the user name. */
            name_claim?: string;
            /** @description What is asked for besides `openid`. */
            scopes?: string[];
        };
        /** @description What an `OpenID` provider is set to. */
        ProviderDetails: {
            /** @description Who this server is there. */
            client_id: string;
            /** @description Values of that claim, each with the group that it means here. */
            groups: {
                [key: string]: string;
            };
            /** @description The claim that lists groups. */
            groups_claim?: string | null;
            /** @description Whether this server has a secret there. */
            has_secret: boolean;
            /** @description Its issuer. */
            issuer: string;
            /** @description The claim that becomes the user name. */
            name_claim: string;
            /** @description What is asked for besides `openid`. */
            scopes: string[];
        };
        /** @description Where people may log in. */
        ProviderList: {
            /** @description By name. */
            providers: components["schemas"]["ProviderView"][];
        };
        /** @description An `OpenID` provider. */
        ProviderView: (components["schemas"]["ProviderDetails"] | null) & {
            /** @description What it is called here. */
            name: string;
        };
        /** @description A change set over any number of entries, namespaces and environments. */
        PublishBody: {
            /** @description What changes; all of it or nothing. */
            changes: components["schemas"]["ChangeBody"][];
            /** @description Judge only. */
            dry_run?: boolean;
            /** @description Write over entries of a protected environment without a precondition. */
            force?: boolean;
            /** @description Why, for people. */
            message?: string;
        };
        /** @description Whether a node can do its work. */
        ReadyView: {
            /**
             * Format: int64
             * @description The access number this node has.
             */
            access: number;
            /**
             * Format: int64
             * @description Rights are judged as last seen, this many milliseconds ago.
             */
            access_age_ms: number;
            /** @description The node is stopping. */
            draining?: boolean;
            /**
             * Format: int64
             * @description The history.
             */
            epoch: number;
            /** @description Whether an acknowledged publish also survives the loss of the primary: a synchronous standby is connected. */
            failover_safe: boolean;
            /**
             * Format: int64
             * @description The oldest revision that can be read without a pin.
             */
            floor?: number;
            /** @description The store was restored: its instances keep what they run until `pintle resume`. */
            held?: boolean;
            /** @description Reads are answered. */
            reads: boolean;
            /**
             * Format: int64
             * @description The newest revision this node has.
             */
            revision: number;
            /** @description A publish would reach the store. */
            writes: boolean;
            /**
             * Format: date-time
             * @description Since when it would not.
             */
            writes_down_since?: string | null;
        };
        /**
         * @description Why something is allowed or not.
         * @enum {string}
         */
        ReasonView: "granted" | "out_of_scope" | "no_grant" | "disabled";
        /** @description One receipt of an instance. */
        ReceiptBody: {
            /** @description Rejected: whether what ran before could not be brought back. */
            broken?: boolean;
            /**
             * Format: int64
             * @description The history the revision belongs to.
             */
            epoch: number;
            /** @description Applied: entries that are not there any more and whose files were kept, as `namespace/key`. */
            missing?: string[];
            /** @description Rejected: what the check, reload or probe printed; the last 4 KiB. */
            output?: string | null;
            /** @description Rejected: why, in a sentence. */
            reason?: string | null;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
            /** @description What became of it. */
            stage: components["schemas"]["Stage"];
            /** @description Applied: whether the probe fails, as it did before. */
            unhealthy?: boolean;
        };
        /** @description A receipt as it is kept. */
        ReceiptView: {
            /**
             * Format: date-time
             * @description When the server got to know, by its clock.
             */
            at: string;
            /** @description Rejected: whether what ran before could not be brought back. */
            broken?: boolean;
            /**
             * Format: int64
             * @description The history the revision belongs to.
             */
            epoch: number;
            /** @description Applied: entries whose files were kept. */
            missing?: string[];
            /** @description Rejected: what the check, reload or probe printed. */
            output?: string | null;
            /** @description Rejected: why, in a sentence. */
            reason?: string | null;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
            /** @description What became of it. */
            stage: components["schemas"]["Stage"];
            /** @description Applied: whether the probe fails, as it did before. */
            unhealthy?: boolean;
        };
        /** @description Receipts of one instance, in the order in which they came to be. */
        ReceiptsBody: {
            /** @description At most 100. */
            receipts: components["schemas"]["ReceiptBody"][];
        };
        /** @description Who runs a revision: the instances that were there when it was committed and see something of it. */
        ReceiptsView: {
            /**
             * Format: int64
             * @description How many of them run it, or a newer one.
             */
            applied: number;
            /**
             * Format: int64
             * @description How many instances count.
             */
            counted: number;
            /** @description The instances, those that rejected first, then the pending ones, then by id; at most 1000. */
            instances: components["schemas"]["RevisionReceipt"][];
            /**
             * Format: int64
             * @description How many are still on their way.
             */
            pending: number;
            /**
             * Format: int64
             * @description How many refused it.
             */
            rejected: number;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
            /**
             * Format: int64
             * @description The newest rollback or revert since then that touched one of its entries.
             */
            superseded_by?: number | null;
        };
        /** @description A version whose bytes are to be removed for ever. */
        RedactBody: {
            /** @description Other entries that have, or had, the same bytes lose them, too. */
            everywhere?: boolean;
            /** @description Why, for the audit. */
            reason: string;
            /**
             * Format: int64
             * @description The version that the entry had right after this revision.
             */
            revision: number;
        };
        /** @description A version whose bytes were removed. */
        RedactView: {
            /** @description The hash that stays. */
            hash: string;
            /**
             * Format: int64
             * @description The revision that brought it.
             */
            revision: number;
        };
        /** @description `reset`: continuity is lost; a snapshot follows. */
        ResetEvent: {
            /** @description Why. */
            reason: components["schemas"]["ResetReason"];
        };
        /**
         * @description Why a stream could not go on from where it was.
         * @enum {string}
         */
        ResetReason: "compacted" | "epoch" | "access" | "slow" | "unknown";
        /** @description Let the instances follow the store again. */
        ResumeBody: {
            /** @description Say what they run, and do nothing. */
            dry_run?: boolean;
        };
        /** @description How the store stood before it was resumed. */
        ResumeView: {
            /** @description Whether nothing was done. */
            dry_run?: boolean;
            /** @description Whether it was held. */
            held: boolean;
            /** @description What the instances run, by environment and namespace. */
            namespaces?: components["schemas"]["FollowersView"][];
        };
        /** @description Something that changed after the change set that was to be reverted. */
        RevertConflictView: {
            /**
             * Format: int64
             * @description Its present revision; 0 when it is gone.
             */
            current: number;
            /** @description The entry as `env/namespace/key`, or the namespace. */
            item: string;
        };
        /** @description Revisions, newest first. */
        RevisionList: {
            /**
             * Format: int64
             * @description Pass it as `before` for the next page; absent on the last one.
             */
            next?: number | null;
            /** @description One page. */
            revisions: components["schemas"]["RevisionView"][];
        };
        /** @description One instance that counts for a revision. */
        RevisionReceipt: {
            /** @description Its environment. */
            environment: string;
            /** @description Its id. */
            id: string;
            /** @description What became of the revision. */
            outcome: components["schemas"]["Outcome"];
            /** @description Whether it is there. */
            presence: components["schemas"]["Presence"];
            receipt?: components["schemas"]["ReceiptView"] | null;
            /**
             * Format: int64
             * @description The newest revision it applied.
             */
            revision?: number | null;
            /** @description The service it is one of. */
            service: string;
        };
        /** @description A revision. */
        RevisionView: {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When it was committed.
             */
            at: string;
            /**
             * Format: int64
             * @description How many of its changes the caller may see.
             */
            changed: number;
            /** @description The changes; in lists at most 20 of them. */
            changes: components["schemas"]["ItemView"][];
            /** @description When one revision is asked for: its contents were trimmed, so that it comes without diffs. */
            compacted?: boolean;
            /**
             * Format: int64
             * @description The history it belongs to.
             */
            epoch: number;
            /** @description Whether protected entries were written over without a precondition. */
            forced?: boolean;
            /** @description What kind of change. */
            kind: components["schemas"]["Kind"];
            /** @description Why. */
            message: string;
            pin?: components["schemas"]["PinView"] | null;
            /** @description The request that brought it. */
            request_id: string;
            /**
             * Format: int64
             * @description A revert: the revision it undid.
             */
            reverts?: number | null;
            /**
             * Format: int64
             * @description Its number.
             */
            revision: number;
            /**
             * Format: int64
             * @description A rollback: the revision it went to.
             */
            rollback_to?: number | null;
            /**
             * Format: int64
             * @description When a list was asked for it: how many instances that are there run this one now. Of what both they and the caller see
             *     of the namespace, or of its key, it is the newest change up to the revision that they applied.
             */
            running?: number | null;
        };
        /**
         * @description A named set of actions.
         * @enum {string}
         */
        Role: "viewer" | "editor" | "publisher" | "operator" | "agent" | "secret-reader" | "admin";
        /** @description Go back, or forward, to a revision, or undo just one change set. */
        RollbackBody: {
            /** @description Judge only. */
            dry_run?: boolean;
            /** @description The environment; not with `revert`. */
            env?: string | null;
            /** @description Only these keys of the namespace. */
            keys?: string[] | null;
            /** @description Why, for people. */
            message?: string;
            /** @description The namespace; without it the whole environment. */
            namespace?: string | null;
            /**
             * Format: int64
             * @description Undo just this revision.
             */
            revert?: number | null;
            /**
             * Format: int64
             * @description The revision; the scope becomes what it was right after it. 0 is before the first publish.
             */
            to?: number | null;
        };
        /** @description A rotation. */
        RotateBody: {
            /** @description Which keys. */
            what: components["schemas"]["RotationKind"];
        };
        /** @description How a token is replaced. */
        RotateTokenBody: {
            /**
             * Format: int32
             * @description Seconds for which the old token goes on, 0 to 604800; 3600 when absent.
             */
            overlap_seconds?: number | null;
        };
        /** @description A rotation that was begun. */
        RotateView: {
            /**
             * Format: int64
             * @description Keys that were wrapped anew, or replaced. `GET /api/v1/keys` tells what is left to do.
             */
            rotated: number;
        };
        /**
         * @description What to rotate.
         * @enum {string}
         */
        RotationKind: "master" | "data" | "signing";
        /** @description How many instances run a change. */
        RunsCount: {
            /**
             * Format: int64
             * @description How many instances.
             */
            instances: number;
            runs?: components["schemas"]["RunsView"] | null;
        };
        /** @description A revision that instances run. */
        RunsView: {
            /** @description Who asked for it. */
            actor: string;
            /**
             * Format: date-time
             * @description When it was committed.
             */
            at: string;
            /** @description What kind of change. */
            kind: components["schemas"]["Kind"];
            /** @description Why. */
            message: string;
            /**
             * Format: int64
             * @description Its number.
             */
            revision: number;
        };
        /** @description A part of a scope: a role or single actions, on a part of the store. */
        ScopeItem: {
            /** @description Single actions instead of a role. */
            actions?: components["schemas"]["Action"][];
            /** @description Glob over environments. */
            environment?: string;
            /** @description Prefix of keys; empty covers all. */
            key_prefix?: string;
            /** @description Glob over namespaces. */
            namespace?: string;
            role?: components["schemas"]["Role"] | null;
        };
        /** @description An entry that has the text. */
        SearchHitView: {
            /** @description Its environment. */
            environment: string;
            /** @description How its content is to be understood. */
            format: components["schemas"]["Format"];
            /** @description Where the text was found. */
            in: components["schemas"]["FoundIn"][];
            /** @description Its key. */
            key: string;
            /** @description Where in the key the text stands; empty also when all of it stands before the key. */
            key_ranges?: components["schemas"]["CharRange"][];
            /** @description The first 3 lines of the content that have it. */
            lines?: components["schemas"]["FoundLine"][];
            /**
             * Format: int64
             * @description In how many places of the content the text stands; counted up to 1000.
             */
            matches: number;
            /** @description Its namespace. */
            namespace: string;
            /**
             * Format: int64
             * @description Its last change.
             */
            revision: number;
            /** @description Whether it is sealed; then only its key was looked at. */
            sealed?: boolean;
        };
        /** @description Entries that have a text, by environment, namespace and key. */
        SearchList: {
            /** @description False when time ran out before the page was full or everything was looked at; `next` goes on there. */
            complete: boolean;
            /** @description One page. */
            hits: components["schemas"]["SearchHitView"][];
            /** @description Pass it as `cursor` for the next page; absent when everything was looked at. */
            next?: string | null;
        };
        /** @description What a server can do, for those who ask before they offer it. */
        ServerView: {
            /**
             * Format: int64
             * @description Most bytes of the contents of one publish.
             */
            change_set_bytes: number;
            /**
             * Format: int64
             * @description Most entries of one publish.
             */
            change_set_entries: number;
            /**
             * Format: int64
             * @description Most bytes of one content.
             */
            entry_bytes: number;
            /** @description Whether it has a master key: without one, nothing can be marked as secret. */
            master_key: boolean;
            /**
             * Format: int64
             * @description Most bytes of a message.
             */
            message_bytes: number;
            /** @description Its release. */
            version: string;
        };
        /** @description Open sessions. */
        SessionList: {
            /** @description The newest first. */
            sessions: components["schemas"]["OpenSessionView"][];
        };
        /** @description A login that worked. */
        SessionView: {
            /**
             * Format: date-time
             * @description When the session ends.
             */
            expires_at: string;
            /** @description For `Authorization: Bearer`, shown once; absent when a cookie holds it. */
            token?: string | null;
            /** @description The login name. */
            user: string;
        };
        /** @description The token that a caller showed. */
        ShownTokenView: {
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description What it is for. */
            name: string;
        };
        /** @description One side of a conflict. */
        SideView: components["schemas"]["ContentView"] & {
            /** @description How the content is to be understood. */
            format: components["schemas"]["Format"];
            /**
             * Format: int64
             * @description The revision that brought it; absent for what was just sent.
             */
            revision?: number | null;
            /** @description Whether it is sealed; then it comes without its content. */
            sealed?: boolean;
        };
        /** @description `snapshot`: what the subscriber sees at a revision. Nothing is applied before the last part, which alone has an id. */
        SnapshotEvent: {
            /** @description Entries of `have` that do not exist. */
            absent?: components["schemas"]["WatchedKey"][];
            /** @description Entries, by namespace and key. */
            entries: components["schemas"]["WatchedEntry"][];
            /** @description Whether it is told against `have`: entries that are neither here nor in `absent` are as the client said. */
            have?: boolean;
            /** @description Whether the store was restored and waits for `pintle resume`. */
            held?: boolean;
            /** @description Whether it is the last one. */
            last: boolean;
            /**
             * Format: int32
             * @description Counts the parts, from 0.
             */
            part: number;
            /**
             * Format: int64
             * @description The revision.
             */
            revision: number;
        };
        /**
         * @description What became of a revision at an instance.
         * @enum {string}
         */
        Stage: "delivered" | "validated" | "applied" | "rejected";
        /**
         * @description How much an environment matters. Only `prod` is protected.
         * @enum {string}
         */
        Tier: "dev" | "test" | "staging" | "prod";
        /** @description A token to be made. */
        TokenBody: {
            /**
             * Format: int32
             * @description Days until it ends, 1 to 366; 90 when absent.
             */
            expires_in_days?: number | null;
            /** @description What it is for, 1 to 100 characters. */
            name: string;
            /** @description What it may at most, 1 to 50 items; whatever its owner may when absent. Never more than its owner may. */
            scope?: components["schemas"]["ScopeItem"][] | null;
            /** @description The service that owns it, for whoever operates the store; the caller when absent. */
            user?: string | null;
        };
        /** @description Tokens of one user. */
        TokenList: {
            /** @description By name. */
            tokens: components["schemas"]["TokenView"][];
        };
        /** @description A token, without its secret. */
        TokenView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it ends.
             */
            expires_at?: string | null;
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /**
             * Format: date-time
             * @description When it was last used, to the minute or so.
             */
            last_used_at?: string | null;
            /** @description What it is for. */
            name: string;
            /** @description What it may at most; absent when it may whatever its owner may, empty when nothing is left of it. */
            scope?: components["schemas"]["ScopeItem"][] | null;
            /** @description Whether a login made it. */
            session: boolean;
        };
        /** @description What of the history shall stay readable: exactly one of `keep`, `older_than_seconds` and `below`. */
        TrimBody: {
            /**
             * Format: int64
             * @description This revision and those above it: only what is below goes.
             */
            below?: number | null;
            /** @description Say what would go, and do nothing. */
            dry_run?: boolean;
            /**
             * Format: int64
             * @description The newest revisions, so many.
             */
            keep?: number | null;
            /**
             * Format: int64
             * @description Whatever was there so long ago, and since: only what is older goes.
             */
            older_than_seconds?: number | null;
        };
        /** @description What a trim does. Numbers, times, actors, messages and hashes of all revisions stay for ever. */
        TrimView: {
            /**
             * Format: int64
             * @description Bytes of content that go; absent when counting them would have taken too long.
             */
            bytes?: number | null;
            /** @description Whether nothing was done. */
            dry_run?: boolean;
            /**
             * Format: int64
             * @description The oldest one that can be read after the trim. It is announced now, and takes effect a few seconds later.
             */
            floor: number;
            /**
             * Format: int64
             * @description The oldest revision that can be read without a pin at present.
             */
            floor_before: number;
            /**
             * Format: int64
             * @description How many revisions cannot be read any more then.
             */
            revisions: number;
        };
        /** @description A user to be made. */
        UserBody: {
            /** @description A person gets a one-time password. */
            kind: components["schemas"]["UserKind"];
            /** @description The login name: 1 to 64 of a-z, 0-9, '.', '_' and '-'. */
            name: string;
        };
        /** @description What may be changed of a user. */
        UserChangeBody: {
            /** @description Whether it may do nothing any more. Its sessions and streams end at once. */
            disabled: boolean;
        };
        /**
         * @description Whether a user is somebody or something.
         * @enum {string}
         */
        UserKind: "person" | "service";
        /** @description A page of users. */
        UserList: {
            /** @description For `after=` of the next page; absent on the last one. */
            next?: string | null;
            /** @description By name. */
            users: components["schemas"]["UserView"][];
        };
        /** @description A person or a service. */
        UserView: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description May do nothing, whatever it holds. */
            disabled: boolean;
            /** @description The groups it is in, by name. */
            groups: components["schemas"]["MembershipView"][];
            /**
             * Format: uuid
             * @description Its id.
             */
            id: string;
            /** @description A person logs in, a service has tokens only. */
            kind: components["schemas"]["UserKind"];
            /** @description Its login name. */
            name: string;
            /** @description The provider it logs in at; absent for accounts of this server. */
            provider?: string | null;
        };
        /**
         * @description One value that was added, removed or changed.
         *
         *     Numbers are compared as they are written, and one that JSON would print otherwise, or could not hold, is given as a string of
         *     its text (see [`Values::to_json`]).
         */
        ValueChange: {
            /** @description The value before; absent when it was added. */
            from?: unknown;
            /**
             * @description Where the value is: a JSON Pointer (RFC 6901) for YAML, JSON and TOML, whose first segment is the index of the document
             *     when either version has several, or the name of the property or variable.
             */
            path: string;
            /** @description The value now; absent when it was removed. */
            to?: unknown;
        };
        /** @description Something legal that is probably a mistake; it does not stop a publish. */
        Warning: {
            /** @description What kind it is, for programs: `repeated_key`, `lone_surrogate` or `declared_encoding`. */
            code: string;
            /**
             * Format: int32
             * @description The column in characters, from 1.
             */
            column: number;
            /**
             * Format: int32
             * @description The line, from 1.
             */
            line: number;
            /** @description What it is about, for people. */
            message: string;
        };
        /** @description Something in a content that is accepted and probably not meant. */
        WarningView: components["schemas"]["Warning"] & {
            /** @description The entry as `env/namespace/key`. */
            entry: string;
        };
        /** @description What to watch, as a body, for lists that are too long for an address. */
        WatchBody: {
            /** @description The last `epoch.revision` seen. The header `Last-Event-ID` wins over it. */
            after?: string | null;
            /** @description The environment. */
            env: string;
            /** @description What is there already, as `namespace/key:hash`: a snapshot then carries only what differs. */
            have?: string[];
            /** @description The instance that this stream is the presence of. */
            instance?: string | null;
            /** @description Its namespaces. */
            namespaces?: string[];
            /** @description Give the plaintext of sealed entries, as far as the caller may see it; the audit notes it. */
            reveal?: boolean;
            /** @description What to tell of: `entries`, `instances` or both. Empty means `entries`. */
            topics?: string[];
        };
        /** @description One change of a `change` event. */
        WatchedChange: components["schemas"]["ContentView"] & {
            /** @description Put: how its content is to be understood. */
            format?: string | null;
            /** @description Put: SHA-256 of the bytes, lowercase hex. */
            hash?: string | null;
            /** @description Put: where a larger content is. */
            href?: string | null;
            /** @description Its key. */
            key: string;
            /** @description Its namespace. */
            namespace: string;
            /** @description Put or delete. */
            op: components["schemas"]["Op"];
            /**
             * @description Put: whether it is sealed. Without the right to see it, or without asking, it comes without content and with a
             *     keyed hash.
             */
            sealed?: boolean;
        };
        /** @description An entry in a snapshot. */
        WatchedEntry: components["schemas"]["ContentView"] & {
            /** @description Who asked for that. */
            actor: string;
            /**
             * Format: date-time
             * @description When that was committed.
             */
            at: string;
            /** @description How its content is to be understood. */
            format: string;
            /** @description SHA-256 of the bytes, lowercase hex. */
            hash: string;
            /** @description Where a larger content is. */
            href?: string | null;
            /** @description Its key. */
            key: string;
            /** @description Its namespace. */
            namespace: string;
            /**
             * Format: int64
             * @description Its last change.
             */
            revision: number;
            /** @description Whether it is sealed. Without the right to see it, or without asking, it comes without content and with a keyed hash. */
            sealed?: boolean;
        };
        /** @description An entry that is not there any more. */
        WatchedKey: {
            /** @description Its key. */
            key: string;
            /** @description Its namespace. */
            namespace: string;
        };
        /** @description A question: who may do this there? */
        WhoCanBody: {
            /** @description What is to be done. */
            action: components["schemas"]["Action"];
            /** @description Where; the store as a whole when absent. */
            environment?: string | null;
            /** @description With `namespace`; all of its keys when absent. */
            key?: string | null;
            /** @description With `environment`; all of its namespaces when absent. */
            namespace?: string | null;
        };
        /** @description Who may. */
        WhoCanView: {
            /** @description What is to be done. */
            action: components["schemas"]["Action"];
            /** @description Whether there are more. */
            more: boolean;
            /** @description On what. */
            target: string;
            /** @description By name, 1000 at most. */
            users: components["schemas"]["AbleView"][];
        };
        /** @description The answer of every write. */
        WriteView: {
            /**
             * Format: int64
             * @description How many items changed, or would. 0: everything was there already and nothing was appended.
             */
            changed: number;
            /** @description What changed, at most 1000 of them; not repeated on a replay. */
            changes?: components["schemas"]["ChangedView"][];
            /** @description Whether it was only judged. */
            dry_run?: boolean;
            /**
             * Format: int64
             * @description The history it belongs to.
             */
            epoch: number;
            /** @description Set when this is the answer of an earlier call with the same idempotency key. */
            replayed?: boolean;
            /**
             * Format: int64
             * @description The new revision; the head when nothing changed or in a dry run.
             */
            revision: number;
            /** @description Accepted, and probably not meant. */
            warnings?: components["schemas"]["WarningView"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type AbleView = components['schemas']['AbleView'];
export type AccessBody = components['schemas']['AccessBody'];
export type AccessDocument = components['schemas']['AccessDocument'];
export type Action = components['schemas']['Action'];
export type AppliedView = components['schemas']['AppliedView'];
export type AuditList = components['schemas']['AuditList'];
export type AuditRow = components['schemas']['AuditRow'];
export type AuthenticatedBy = components['schemas']['AuthenticatedBy'];
export type ByeEvent = components['schemas']['ByeEvent'];
export type CallerView = components['schemas']['CallerView'];
export type ChangeBody = components['schemas']['ChangeBody'];
export type ChangeEvent = components['schemas']['ChangeEvent'];
export type ChangedView = components['schemas']['ChangedView'];
export type CharRange = components['schemas']['CharRange'];
export type CheckpointEvent = components['schemas']['CheckpointEvent'];
export type Code = components['schemas']['Code'];
export type CodeBody = components['schemas']['CodeBody'];
export type CodeView = components['schemas']['CodeView'];
export type Condition = components['schemas']['Condition'];
export type ConflictView = components['schemas']['ConflictView'];
export type ContentView = components['schemas']['ContentView'];
export type DataKeyView = components['schemas']['DataKeyView'];
export type DiffEntryView = components['schemas']['DiffEntryView'];
export type DiffSide = components['schemas']['DiffSide'];
export type DiffView = components['schemas']['DiffView'];
export type Difference = components['schemas']['Difference'];
export type DraftBody = components['schemas']['DraftBody'];
export type DraftChangeBody = components['schemas']['DraftChangeBody'];
export type DraftChangeView = components['schemas']['DraftChangeView'];
export type DraftList = components['schemas']['DraftList'];
export type DraftPatch = components['schemas']['DraftPatch'];
export type DraftPlace = components['schemas']['DraftPlace'];
export type DraftPublishBody = components['schemas']['DraftPublishBody'];
export type DraftView = components['schemas']['DraftView'];
export type EffectiveView = components['schemas']['EffectiveView'];
export type EntryDiff = components['schemas']['EntryDiff'];
export type EntryList = components['schemas']['EntryList'];
export type EntryView = components['schemas']['EntryView'];
export type EnvironmentBody = components['schemas']['EnvironmentBody'];
export type EnvironmentList = components['schemas']['EnvironmentList'];
export type EnvironmentView = components['schemas']['EnvironmentView'];
export type ExchangeBody = components['schemas']['ExchangeBody'];
export type ExchangeView = components['schemas']['ExchangeView'];
export type ExplainBody = components['schemas']['ExplainBody'];
export type ExplainView = components['schemas']['ExplainView'];
export type FieldProblem = components['schemas']['FieldProblem'];
export type FollowersView = components['schemas']['FollowersView'];
export type Format = components['schemas']['Format'];
export type FoundIn = components['schemas']['FoundIn'];
export type FoundLine = components['schemas']['FoundLine'];
export type Freeze = components['schemas']['Freeze'];
export type FreezeBody = components['schemas']['FreezeBody'];
export type GrantBody = components['schemas']['GrantBody'];
export type GrantCodeBody = components['schemas']['GrantCodeBody'];
export type GrantList = components['schemas']['GrantList'];
export type GrantView = components['schemas']['GrantView'];
export type GroupBody = components['schemas']['GroupBody'];
export type GroupList = components['schemas']['GroupList'];
export type GroupView = components['schemas']['GroupView'];
export type HeldGrantView = components['schemas']['HeldGrantView'];
export type Impact = components['schemas']['Impact'];
export type InstanceBody = components['schemas']['InstanceBody'];
export type InstanceEvent = components['schemas']['InstanceEvent'];
export type InstanceList = components['schemas']['InstanceList'];
export type InstanceSummaryView = components['schemas']['InstanceSummaryView'];
export type InstanceView = components['schemas']['InstanceView'];
export type IssuerBody = components['schemas']['IssuerBody'];
export type IssuerList = components['schemas']['IssuerList'];
export type IssuerRule = components['schemas']['IssuerRule'];
export type IssuerView = components['schemas']['IssuerView'];
export type ItemKind = components['schemas']['ItemKind'];
export type ItemView = components['schemas']['ItemView'];
export type KeyList = components['schemas']['KeyList'];
export type KeyPurpose = components['schemas']['KeyPurpose'];
export type Kind = components['schemas']['Kind'];
export type LastChangeView = components['schemas']['LastChangeView'];
export type LoginBody = components['schemas']['LoginBody'];
export type LostList = components['schemas']['LostList'];
export type LostView = components['schemas']['LostView'];
export type MarksView = components['schemas']['MarksView'];
export type MemberView = components['schemas']['MemberView'];
export type MembershipView = components['schemas']['MembershipView'];
export type NamespaceBody = components['schemas']['NamespaceBody'];
export type NamespaceList = components['schemas']['NamespaceList'];
export type NamespaceView = components['schemas']['NamespaceView'];
export type NewTokenView = components['schemas']['NewTokenView'];
export type NewUserView = components['schemas']['NewUserView'];
export type OneTimePasswordView = components['schemas']['OneTimePasswordView'];
export type Op = components['schemas']['Op'];
export type OpenSessionView = components['schemas']['OpenSessionView'];
export type Outcome = components['schemas']['Outcome'];
export type PasswordBody = components['schemas']['PasswordBody'];
export type PinBody = components['schemas']['PinBody'];
export type PinList = components['schemas']['PinList'];
export type PinView = components['schemas']['PinView'];
export type Presence = components['schemas']['Presence'];
export type Problem = components['schemas']['Problem'];
export type ProviderBody = components['schemas']['ProviderBody'];
export type ProviderDetails = components['schemas']['ProviderDetails'];
export type ProviderList = components['schemas']['ProviderList'];
export type ProviderView = components['schemas']['ProviderView'];
export type PublishBody = components['schemas']['PublishBody'];
export type ReadyView = components['schemas']['ReadyView'];
export type ReasonView = components['schemas']['ReasonView'];
export type ReceiptBody = components['schemas']['ReceiptBody'];
export type ReceiptView = components['schemas']['ReceiptView'];
export type ReceiptsBody = components['schemas']['ReceiptsBody'];
export type ReceiptsView = components['schemas']['ReceiptsView'];
export type RedactBody = components['schemas']['RedactBody'];
export type RedactView = components['schemas']['RedactView'];
export type ResetEvent = components['schemas']['ResetEvent'];
export type ResetReason = components['schemas']['ResetReason'];
export type ResumeBody = components['schemas']['ResumeBody'];
export type ResumeView = components['schemas']['ResumeView'];
export type RevertConflictView = components['schemas']['RevertConflictView'];
export type RevisionList = components['schemas']['RevisionList'];
export type RevisionReceipt = components['schemas']['RevisionReceipt'];
export type RevisionView = components['schemas']['RevisionView'];
export type Role = components['schemas']['Role'];
export type RollbackBody = components['schemas']['RollbackBody'];
export type RotateBody = components['schemas']['RotateBody'];
export type RotateTokenBody = components['schemas']['RotateTokenBody'];
export type RotateView = components['schemas']['RotateView'];
export type RotationKind = components['schemas']['RotationKind'];
export type RunsCount = components['schemas']['RunsCount'];
export type RunsView = components['schemas']['RunsView'];
export type ScopeItem = components['schemas']['ScopeItem'];
export type SearchHitView = components['schemas']['SearchHitView'];
export type SearchList = components['schemas']['SearchList'];
export type ServerView = components['schemas']['ServerView'];
export type SessionList = components['schemas']['SessionList'];
export type SessionView = components['schemas']['SessionView'];
export type ShownTokenView = components['schemas']['ShownTokenView'];
export type SideView = components['schemas']['SideView'];
export type SnapshotEvent = components['schemas']['SnapshotEvent'];
export type Stage = components['schemas']['Stage'];
export type Tier = components['schemas']['Tier'];
export type TokenBody = components['schemas']['TokenBody'];
export type TokenList = components['schemas']['TokenList'];
export type TokenView = components['schemas']['TokenView'];
export type TrimBody = components['schemas']['TrimBody'];
export type TrimView = components['schemas']['TrimView'];
export type UserBody = components['schemas']['UserBody'];
export type UserChangeBody = components['schemas']['UserChangeBody'];
export type UserKind = components['schemas']['UserKind'];
export type UserList = components['schemas']['UserList'];
export type UserView = components['schemas']['UserView'];
export type ValueChange = components['schemas']['ValueChange'];
export type Warning = components['schemas']['Warning'];
export type WarningView = components['schemas']['WarningView'];
export type WatchBody = components['schemas']['WatchBody'];
export type WatchedChange = components['schemas']['WatchedChange'];
export type WatchedEntry = components['schemas']['WatchedEntry'];
export type WatchedKey = components['schemas']['WatchedKey'];
export type WhoCanBody = components['schemas']['WhoCanBody'];
export type WhoCanView = components['schemas']['WhoCanView'];
export type WriteView = components['schemas']['WriteView'];
export type $defs = Record<string, never>;
export interface operations {
    export_access: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccessDocument"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    apply_access: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AccessBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppliedView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explain_access: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExplainBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExplainView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_caller: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallerView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    who_can: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WhoCanBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoCanView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_audit: {
        parameters: {
            query?: {
                /** @description By this user, or `anonymous`, or `system`. */
                actor?: string;
                /** @description With this action, such as `publish` or `denied`. */
                action?: string;
                /** @description Of this environment. */
                env?: string;
                /** @description Of this namespace; with `env`. */
                namespace?: string;
                /** @description With a target that has this text in it. */
                target?: string;
                /** @description At or after this RFC 3339 instant. */
                since?: string;
                /** @description At or before this RFC 3339 instant. */
                until?: string;
                /** @description `next` of the page before. */
                before?: string;
                /** @description Rows on a page, 1 to 1000; 100 when absent. */
                limit?: number;
                /** @description All rows instead of a page, as a file: `csv` or `json`. `Accept: text/csv` asks for the first as well. */
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                    "text/csv": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    diff: {
        parameters: {
            query?: {
                /** @description The environment, when both sides are in it. */
                env?: string;
                /** @description The environment on the left. */
                from_env?: string;
                /** @description The environment on the right. */
                to_env?: string;
                /** @description Only this namespace. */
                namespace?: string;
                /** @description Only this key. */
                key?: string;
                /** @description Left: a revision or an RFC 3339 instant. Required with `env`. */
                from?: string;
                /** @description Right: a revision or an RFC 3339 instant; now when absent. */
                to?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DiffView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_drafts: {
        parameters: {
            query?: {
                /** @description Of this environment. */
                env?: string;
                /** @description At home in this namespace, or with a change of it. */
                namespace?: string;
                /** @description Of this user. */
                owner?: string;
                /** @description `next` of the page before. */
                after?: string;
                /** @description Drafts on a page, 1 to 1000; 100 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_draft: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftBody"];
            };
        };
        responses: {
            /** @description There already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Draft */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_draft: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the draft */
                "If-Match"?: string | null;
            };
            path: {
                /** @description Draft */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    edit_draft: {
        parameters: {
            query?: never;
            header: {
                /** @description The ETag of the draft */
                "If-Match": string;
            };
            path: {
                /** @description Draft */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftPatch"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DraftView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish_draft: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Draft */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DraftPublishBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_environments: {
        parameters: {
            query?: {
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnvironmentList"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_environment: {
        parameters: {
            query?: {
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnvironmentView"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnvironmentBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    freeze_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreezeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unfreeze_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_instances: {
        parameters: {
            query?: {
                /** @description That run on this namespace. */
                namespace?: string;
                /** @description That applied this revision last. */
                revision?: number;
                /** @description That run this change: their `runs`, which the list of revisions counts as `running`. */
                runs?: number;
                /**
                 * @description That are `live`, `late` or `gone`, or stand `in_sync`, `behind`, `rejected`, `held` or `unknown`; that are `broken` after a
                 *     rejection, `unhealthy`, or keep files of `missing` entries; or that have `drifted`: are there, and not in sync or with
                 *     missing entries.
                 */
                state?: string;
                /** @description Of this service. */
                service?: string;
                /**
                 * @description What they ran right after a revision, or at an RFC 3339 instant, by their receipts. Whether they are there is told
                 *     of now.
                 */
                at?: string;
                /** @description Say as well what all pages come to. */
                summary?: boolean;
                /** @description With a greater id; `next` of the page before. */
                cursor?: string;
                /** @description Instances on a page, 1 to 1000; 100 when absent. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_instance: {
        parameters: {
            query?: {
                /** @description What it ran right after a revision, or at an RFC 3339 instant, by its receipts. Whether it is there is told of now. */
                at?: string;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Instance id; a '/' in it is sent as %2F */
                instance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Instance id, 1 to 200 bytes; a '/' in it is sent as %2F */
                instance: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InstanceBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InstanceView"];
                };
            };
            /** @description `instance_taken`: the id belongs to somebody else */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_instance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Instance id; a '/' in it is sent as %2F */
                instance: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `instance_taken`: the id belongs to somebody else */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    send_receipts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Instance id; a '/' in it is sent as %2F */
                instance: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReceiptsBody"];
            };
        };
        responses: {
            /** @description Kept */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `instance_taken`: the id belongs to somebody else */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_namespaces: {
        parameters: {
            query?: {
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceList"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_namespace: {
        parameters: {
            query?: {
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NamespaceView"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_namespace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NamespaceBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_namespace: {
        parameters: {
            query?: {
                /** @description The namespace's name: says that its entries may go with it. */
                confirm?: string;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_entries: {
        parameters: {
            query?: {
                /** @description Only keys that start with it. */
                prefix?: string;
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description Whether contents come along; they do when this is absent. */
                content?: boolean;
                /** @description Entries on a page, 1 to 1000; 100 when absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryList"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_entry: {
        parameters: {
            query?: {
                /** @description As of a revision or an RFC 3339 instant. */
                at?: string;
                /** @description The bytes themselves, as with `Accept: application/octet-stream`. */
                raw?: string;
                /** @description Give the plaintext of a sealed entry, to who may see it; the audit notes it. */
                reveal?: boolean;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
                /** @description Key */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EntryView"];
                    "application/octet-stream": number[];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_entry: {
        parameters: {
            query?: {
                /** @description The format; else the entry's present one, else by the key's extension, else text. */
                format?: components["schemas"]["Format"];
                /** @description All of it is secret. An entry that was marked once stays sealed. */
                secret?: boolean;
                /** @description Write over a protected entry without a precondition. */
                force?: boolean;
                /** @description Judge only. */
                dry_run?: boolean;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
                /** @description Key */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": number[];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_entry: {
        parameters: {
            query?: {
                /** @description The format; else the entry's present one, else by the key's extension, else text. */
                format?: components["schemas"]["Format"];
                /** @description All of it is secret. An entry that was marked once stays sealed. */
                secret?: boolean;
                /** @description Write over a protected entry without a precondition. */
                force?: boolean;
                /** @description Judge only. */
                dry_run?: boolean;
            };
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
                /** @description Key */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    redact_entry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Environment */
                env: string;
                /** @description Namespace */
                ns: string;
                /** @description Key */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedactBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedactView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_grants: {
        parameters: {
            query?: {
                /** @description Held by `user:NAME`, `group:NAME` or `token:ID` itself. */
                subject?: string;
                /** @description Covering something of this environment; a glob is taken as well. */
                environment?: string;
                /** @description Covering something of this namespace; a glob is taken as well. */
                namespace?: string;
                /** @description Of this role. */
                role?: components["schemas"]["Role"];
                /** @description `next` of the page before. */
                after?: string;
                /** @description Grants on a page, 1 to 1000; 100 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GrantList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_grant: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantBody"];
            };
        };
        responses: {
            /** @description Held already */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldGrantView"];
                };
            };
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldGrantView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_grant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Grant */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken away */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_groups: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                after?: string;
                /** @description Items on a page, 1 to 1000; 100 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_group: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Group */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_group: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Group */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GroupBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_group: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Group */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_identity_providers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_identity_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Identity provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_identity_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Identity provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_identity_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Identity provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotateView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_lost: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LostList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordBody"];
            };
        };
        responses: {
            /** @description Changed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_pins: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PinList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    publish: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PublishBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResumeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResumeView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_revisions: {
        parameters: {
            query?: {
                /** @description Touched something of this environment. */
                env?: string;
                /** @description Touched something of this namespace; with `env`. */
                namespace?: string;
                /** @description Touched this key; with `namespace`. */
                key?: string;
                /** @description By this user. */
                actor?: string;
                /** @description Of this kind. */
                kind?: components["schemas"]["Kind"];
                /** @description Committed at or after this RFC 3339 instant. */
                since?: string;
                /** @description Committed at or before this RFC 3339 instant. */
                until?: string;
                /** @description Say of each revision how many instances run it now; with `namespace`. With `key`, how many run that version of it. */
                running?: boolean;
                /** @description With a smaller number; `next` of the page before. */
                before?: string;
                /** @description Revisions on a page, 1 to 1000; 100 when absent. */
                limit?: number;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_revision: {
        parameters: {
            query?: {
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path: {
                /** @description Revision */
                rev: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevisionView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pin_revision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Revision */
                rev: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PinBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PinView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    unpin_revision: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Revision */
                rev: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_receipts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Revision */
                rev: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReceiptsView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    roll_back: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RollbackBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WriteView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    search: {
        parameters: {
            query: {
                /**
                 * @description The text, 1 to 200 characters in one line, in any case. One with a slash may also begin in front of the key:
                 *     `namespace/key`, `env/namespace/key`.
                 */
                q: string;
                /** @description `keys`, `contents`, or `all`, as when it is absent. */
                in?: string;
                /** @description Entries on a page, 1 to 1000; 100 when absent. */
                limit?: number;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Wait until this node has seen the revision, 5 s at most. */
                min_revision?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SearchList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoginBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    log_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    grant_login_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GrantCodeBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    start_oidc: {
        parameters: {
            query?: {
                /** @description A path of this server; another one leads to its root. */
                next?: string;
            };
            header?: never;
            path: {
                /** @description Identity provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Go on at the provider */
            303: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description A page that says what is wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    finish_oidc: {
        parameters: {
            query?: {
                /** @description Of the provider */
                code?: string;
                /** @description Names the login */
                state?: string;
                /** @description The issuer, after RFC 9207 */
                iss?: string;
                /** @description What went wrong at the provider */
                error?: string;
            };
            header?: never;
            path: {
                /** @description Identity provider */
                provider: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page that leads on */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description A page that says what is wrong */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    log_in_with_code: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CodeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sessions: {
        parameters: {
            query?: {
                /** @description Another user than the caller, for those who operate the store. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_sessions: {
        parameters: {
            query?: {
                /** @description Another user than the caller, for those who operate the store. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    end_session: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Session */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exchange_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExchangeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: {
                /** @description A user, for whoever operates the store; the caller when absent. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTokenView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    revoke_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Token */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rotate_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Token */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateTokenBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTokenView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    trim_history: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrimBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrimView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_trusted_issuers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuerList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_trusted_issuer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What it is called here */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuerView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_trusted_issuer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What it is called here */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IssuerBody"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuerView"];
                };
            };
            /** @description Made */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IssuerView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_trusted_issuer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What it is called here */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                after?: string;
                /** @description Items on a page, 1 to 1000; 100 when absent. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserBody"];
            };
        };
        responses: {
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUserView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Login name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    put_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Login name */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChangeBody"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Login name */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OneTimePasswordView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch: {
        parameters: {
            query: {
                /** @description The environment */
                env: string;
                /** @description A namespace; may come many times; required for `entries` */
                namespace?: string[];
                /** @description `entries`, `instances`, or, coming twice, both; without it `entries` */
                topic?: string[];
                /** @description The last `epoch.revision` seen; the header wins */
                after?: string;
                /** @description What is there already, as `namespace/key:hash`; may come many times */
                have?: string[];
                /** @description The instance that this stream is the presence of */
                instance?: string;
                /** @description Give the plaintext of sealed entries, as far as the caller may see it; the audit notes it */
                reveal?: boolean;
            };
            header?: {
                /** @description The last `epoch.revision` seen */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events; the data of `snapshot` and `change` are the schemas SnapshotEvent and ChangeEvent */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_with_body: {
        parameters: {
            query?: never;
            header?: {
                /** @description The last `epoch.revision` seen */
                "Last-Event-ID"?: string | null;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["WatchBody"];
            };
        };
        responses: {
            /** @description Events, as those of `GET` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    healthz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Metrics */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readyz: {
        parameters: {
            query?: {
                /** @description `writes`: 503 also when a publish would fail. */
                for?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyView"];
                };
            };
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadyView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
