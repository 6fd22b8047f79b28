-- What a long life needs: outcomes are counted as they come, a backup says when it was taken, and a delivery says that
-- it was queued in a backup that was restored.

ALTER TABLE store ADD COLUMN backed_up_at INTEGER;

ALTER TABLE delivery ADD COLUMN restored INTEGER NOT NULL DEFAULT 0
    CONSTRAINT "a delivery was restored while queued, or not" CHECK (restored IN (0, 1));

-- Nearly always empty.
CREATE INDEX delivery_restored ON delivery (hook_id) WHERE restored = 1 AND status = 'queued';

-- Like the length of the queue, these are kept by triggers; what a flush has marked is discarded from then on.
ALTER TABLE lane ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0
    CONSTRAINT "delivered deliveries are counted from zero" CHECK (delivered >= 0);
ALTER TABLE lane ADD COLUMN discarded INTEGER NOT NULL DEFAULT 0
    CONSTRAINT "discarded deliveries are counted from zero" CHECK (discarded >= 0);

UPDATE lane
SET delivered = (SELECT count(*) FROM delivery WHERE delivery.hook_id = lane.hook_id AND status = 'delivered'),
    discarded = (
        SELECT count(*) FROM delivery
        WHERE delivery.hook_id = lane.hook_id
            AND (status = 'discarded' OR status = 'queued' AND delivery.id <= lane.discard_through)
    );

DROP TRIGGER delivery_has_ended;
CREATE TRIGGER delivery_has_ended AFTER UPDATE OF status ON delivery
    WHEN OLD.status = 'queued' AND NEW.status <> 'queued'
BEGIN
    UPDATE lane
    SET queued = queued - 1,
        delivered = delivered + (NEW.status = 'delivered'),
        discarded = discarded + (NEW.status = 'discarded')
    WHERE hook_id = NEW.hook_id AND discard_through < NEW.id;
END;

DROP TRIGGER lane_is_flushed;
CREATE TRIGGER lane_is_flushed AFTER UPDATE OF discard_through ON lane
    WHEN NEW.discard_through > OLD.discard_through
BEGIN
    UPDATE lane
    SET (queued, discarded) = (
        SELECT count(*), NEW.discarded + NEW.queued - count(*)
        FROM delivery
        WHERE delivery.hook_id = NEW.hook_id AND delivery.status = 'queued' AND delivery.id > NEW.discard_through
    )
    WHERE hook_id = NEW.hook_id;
END;

CREATE TRIGGER delivery_is_purged AFTER DELETE ON delivery WHEN OLD.status <> 'queued'
BEGIN
    UPDATE lane
    SET delivered = delivered - (OLD.status = 'delivered'), discarded = discarded - (OLD.status = 'discarded')
    WHERE hook_id = OLD.hook_id;
END;
