-- Several workers on one file. A worker has a row while it holds lanes; a lane names its worker, and its fence grows
-- with every claim, so that what is written under an earlier claim can be told.

CREATE TABLE worker (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    lease_until INTEGER NOT NULL
) STRICT;

ALTER TABLE lane ADD COLUMN worker INTEGER REFERENCES worker (id) ON DELETE SET NULL;
ALTER TABLE lane ADD COLUMN fence INTEGER NOT NULL DEFAULT 0
    CONSTRAINT "fences grow from zero" CHECK (fence >= 0);

CREATE INDEX lane_of_worker ON lane (worker) WHERE worker IS NOT NULL;

-- What operators and the service do to lanes is counted, and each lane has the number of its last change: a worker of
-- another process asks for those above the last number that it has seen.
ALTER TABLE store ADD COLUMN last_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lane ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER lane_has_orders AFTER UPDATE OF suspended, resets, nudges ON lane
BEGIN
    UPDATE store SET last_change = last_change + 1;
    UPDATE lane SET changed = (SELECT last_change FROM store) WHERE hook_id = NEW.hook_id;
END;

CREATE TRIGGER hook_has_changed AFTER UPDATE ON hook
BEGIN
    UPDATE store SET last_change = last_change + 1;
    UPDATE lane SET changed = (SELECT last_change FROM store) WHERE hook_id = NEW.id;
END;

CREATE TRIGGER delivery_was_skipped AFTER UPDATE OF why ON delivery WHEN NEW.why = 'operator'
BEGIN
    UPDATE store SET last_change = last_change + 1;
    UPDATE lane SET changed = (SELECT last_change FROM store) WHERE hook_id = NEW.hook_id;
END;
