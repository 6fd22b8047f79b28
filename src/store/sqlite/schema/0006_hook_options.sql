-- What a hook may have beside its destination. The signing secrets are a JSON array of texts; the rate limit is so many
-- attempts in a span, and how many at once, or none of the three.

ALTER TABLE hook ADD COLUMN signing_secrets TEXT NOT NULL DEFAULT '[]';

ALTER TABLE hook ADD COLUMN rate_attempts INTEGER
    CONSTRAINT "a rate limit allows something" CHECK (rate_attempts > 0);
ALTER TABLE hook ADD COLUMN rate_per_ns INTEGER
    CONSTRAINT "a rate limit has a span" CHECK ((rate_per_ns IS NULL) = (rate_attempts IS NULL) AND rate_per_ns > 0);
ALTER TABLE hook ADD COLUMN rate_burst INTEGER
    CONSTRAINT "a burst is within its rate limit" CHECK (
        (rate_burst IS NULL) = (rate_attempts IS NULL) AND rate_burst BETWEEN 1 AND rate_attempts
    );
