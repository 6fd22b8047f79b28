-- How many deliveries each lane has queued, so that asking does not count them. Kept by triggers: whatever changes a
-- delivery or marks a flush, the number follows. What a flush has marked is queued no longer.

ALTER TABLE lane ADD COLUMN queued INTEGER NOT NULL DEFAULT 0
    CONSTRAINT "a queue has a length from zero" CHECK (queued >= 0);

UPDATE lane
SET queued = (
    SELECT count(*) FROM delivery
    WHERE delivery.hook_id = lane.hook_id AND delivery.status = 'queued' AND delivery.id > lane.discard_through
);

CREATE TRIGGER delivery_is_queued AFTER INSERT ON delivery WHEN NEW.status = 'queued'
BEGIN
    UPDATE lane SET queued = queued + 1 WHERE hook_id = NEW.hook_id;
END;

CREATE TRIGGER delivery_has_ended AFTER UPDATE OF status ON delivery
    WHEN OLD.status = 'queued' AND NEW.status <> 'queued'
BEGIN
    UPDATE lane SET queued = queued - 1 WHERE hook_id = NEW.hook_id AND discard_through < NEW.id;
END;

CREATE TRIGGER lane_is_flushed AFTER UPDATE OF discard_through ON lane
    WHEN NEW.discard_through > OLD.discard_through
BEGIN
    UPDATE lane
    SET queued = (
        SELECT count(*) FROM delivery
        WHERE delivery.hook_id = NEW.hook_id AND delivery.status = 'queued' AND delivery.id > NEW.discard_through
    )
    WHERE hook_id = NEW.hook_id;
END;
