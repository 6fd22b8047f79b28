-- The first schema. Moments (`_at`) are microseconds since 1970, spans (`_ns`) nanoseconds; both are integers, so that
-- what is read is what was written. The CHECKs mirror the state types: a row that no value of theirs could have made is
-- refused. AUTOINCREMENT keeps ids from being reused wherever somebody outside may have kept one.

-- One row: facts about the file itself.
CREATE TABLE store (
    only            INTEGER PRIMARY KEY CONSTRAINT "a store describes itself once" CHECK (only = 1),
    tieback_version TEXT    NOT NULL,
    last_event_id   INTEGER NOT NULL
        CONSTRAINT "made event ids stay below 2^53" CHECK (last_event_id BETWEEN 0 AND 9007199254740991)
) STRICT;

-- Deleted hooks stay as rows while their deliveries are in the log.
CREATE TABLE hook (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT,
    company_id          INTEGER,
    project_id          INTEGER,
    namespace           TEXT    NOT NULL,
    payload_version     TEXT    NOT NULL
        CONSTRAINT "payloads are v2.0, v3.0 or v4.0" CHECK (payload_version IN ('v2.0', 'v3.0', 'v4.0')),
    status              TEXT    NOT NULL
        CONSTRAINT "a hook is active, disabled or deleted" CHECK (status IN ('active', 'disabled', 'deleted')),
    destination_url     TEXT    NOT NULL,
    destination_headers TEXT    NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    deleted_at          INTEGER,
    CONSTRAINT "a hook belongs to a company or a project" CHECK (company_id > 0 OR project_id > 0),
    CONSTRAINT "a deleted hook says when" CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
) STRICT;

-- One hook per scope and namespace. A project is known by its own id alone; its company may not have been said.
CREATE UNIQUE INDEX hook_of_project ON hook (project_id, namespace)
    WHERE project_id IS NOT NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX hook_of_company ON hook (company_id, namespace)
    WHERE project_id IS NULL AND deleted_at IS NULL;

-- The keys are the names in lower case: triggers compare without it.
CREATE TABLE hook_trigger (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    hook_id           INTEGER NOT NULL REFERENCES hook (id) ON DELETE CASCADE,
    resource_name     TEXT    NOT NULL,
    event_type        TEXT    NOT NULL,
    resource_name_key TEXT    NOT NULL,
    event_type_key    TEXT    NOT NULL,
    created_at        INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX trigger_of_hook ON hook_trigger (hook_id, resource_name_key, event_type_key);

-- One lane per hook. The first three are what operators and the service want (the gate is the hook's status), written
-- by them alone; the rest is the retry state, written by the worker alone.
CREATE TABLE lane (
    hook_id         INTEGER PRIMARY KEY REFERENCES hook (id) ON DELETE CASCADE,
    suspended       INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "a lane is suspended or not" CHECK (suspended IN (0, 1)),
    resets          INTEGER NOT NULL DEFAULT 0,
    nudges          INTEGER NOT NULL DEFAULT 0,

    epoch           INTEGER NOT NULL DEFAULT 0,
    resets_seen     INTEGER NOT NULL DEFAULT 0,
    nudges_seen     INTEGER NOT NULL DEFAULT 0,
    discard_through INTEGER NOT NULL DEFAULT 0,
    pause_step      INTEGER,
    pause_streak_ns INTEGER,
    pause_wait_ns   INTEGER,
    resume_at       INTEGER,
    probe           INTEGER,
    CONSTRAINT "counters only grow from zero" CHECK (
        min(resets, nudges, epoch, resets_seen, nudges_seen, discard_through) >= 0
    ),
    CONSTRAINT "a pause is whole or not there" CHECK (
        (pause_step IS NULL) = (pause_streak_ns IS NULL)
        AND (pause_step IS NULL) = (pause_wait_ns IS NULL)
        AND (pause_step IS NULL) = (resume_at IS NULL)
    ),
    CONSTRAINT "only a paused lane has a probe" CHECK (probe IS NULL OR pause_step IS NOT NULL)
) STRICT;

-- What was published, under its public id. `given` is what the caller gave, as JSON; with the id, the ULID and the
-- timestamp it is the whole event, from which a redelivery in another version is rendered. Small columns first: the
-- queue reads `resource` without touching the rest.
CREATE TABLE event (
    id                INTEGER PRIMARY KEY,
    resource          TEXT    NOT NULL,
    ulid              TEXT    NOT NULL,
    resource_name_key TEXT    NOT NULL,
    event_type_key    TEXT    NOT NULL,
    happened_at       INTEGER NOT NULL,
    published_at      INTEGER NOT NULL,
    deliveries        INTEGER NOT NULL,
    no_delivery       TEXT
        CONSTRAINT "why an event made no delivery is one of the known reasons" CHECK (no_delivery IN (
            'no_hook_in_scope', 'no_trigger', 'hook_disabled', 'version_cannot_carry_id', 'event_deprecated'
        )),
    given             TEXT    NOT NULL,
    CONSTRAINT "an event without deliveries says why" CHECK ((deliveries = 0) = (no_delivery IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX event_by_ulid ON event (ulid);

-- Bodies, byte for byte: one row per event and version, shared by all its deliveries.
CREATE TABLE payload (
    event_id  INTEGER NOT NULL REFERENCES event (id) ON DELETE CASCADE,
    version   TEXT    NOT NULL
        CONSTRAINT "payloads are v2.0, v3.0 or v4.0" CHECK (version IN ('v2.0', 'v3.0', 'v4.0')),
    body      BLOB    NOT NULL,
    PRIMARY KEY (event_id, version)
) STRICT, WITHOUT ROWID;

-- The queue and its outcomes. Narrow: it is the table that every attempt changes.
CREATE TABLE delivery (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hook_id    INTEGER NOT NULL REFERENCES hook (id),
    event_id   INTEGER NOT NULL,
    version    TEXT    NOT NULL,
    queued_at  INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0
        CONSTRAINT "attempts are counted from zero" CHECK (attempts >= 0),
    status     TEXT    NOT NULL DEFAULT 'queued'
        CONSTRAINT "a delivery is queued, delivered or discarded"
            CHECK (status IN ('queued', 'delivered', 'discarded')),
    why        TEXT
        CONSTRAINT "why a delivery was discarded is one of the known reasons" CHECK (why IN (
            'flushed', 'operator', 'hook_deleted', 'max_attempts'
        )),
    FOREIGN KEY (event_id, version) REFERENCES payload (event_id, version),
    CONSTRAINT "a discarded delivery says why" CHECK ((status = 'discarded') = (why IS NOT NULL)),
    CONSTRAINT "a delivered delivery had an attempt" CHECK (status <> 'delivered' OR attempts > 0)
) STRICT;

CREATE INDEX delivery_of_hook ON delivery (hook_id, id);
CREATE INDEX delivery_queued ON delivery (hook_id, id, queued_at) WHERE status = 'queued';

CREATE TABLE attempt (
    id                      INTEGER PRIMARY KEY,
    delivery_id             INTEGER NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    started_at              INTEGER NOT NULL,
    completed_at            INTEGER NOT NULL,
    response_status         INTEGER
        CONSTRAINT "an HTTP status is a number of 16 bits" CHECK (response_status BETWEEN 0 AND 65535),
    response_headers        TEXT    NOT NULL,
    response_body           BLOB    NOT NULL,
    response_body_truncated INTEGER NOT NULL
        CONSTRAINT "a body is truncated or not" CHECK (response_body_truncated IN (0, 1)),
    response_error          TEXT
) STRICT;

CREATE INDEX attempt_of_delivery ON attempt (delivery_id, id);
