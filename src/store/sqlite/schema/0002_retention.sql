-- Retention: when a delivery got its outcome, and the ways to what has been kept long enough.

ALTER TABLE delivery ADD COLUMN ended_at INTEGER
    CONSTRAINT "only a delivery with an outcome has ended" CHECK (ended_at IS NULL OR status <> 'queued');

-- What ended before this was kept: at its last attempt, or as long ago as it can have been.
UPDATE delivery
SET ended_at = coalesce((SELECT max(completed_at) FROM attempt WHERE delivery_id = delivery.id), queued_at)
WHERE status <> 'queued';

CREATE INDEX delivery_ended ON delivery (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX delivery_of_event ON delivery (event_id);
CREATE INDEX event_without_delivery ON event (published_at) WHERE no_delivery IS NOT NULL;
CREATE INDEX hook_deleted ON hook (deleted_at) WHERE deleted_at IS NOT NULL;
