-- The keys that seal the secrets of hooks, by their ids; none while secrets are kept in clear text. `complete` says
-- that every secret is sealed with this key, and that the file holds nothing of what was there before.
CREATE TABLE store_key (
    number   INTEGER PRIMARY KEY,
    key_id   TEXT    NOT NULL UNIQUE
        CONSTRAINT "a key's id has 16 hex digits" CHECK (length(key_id) = 16),
    complete INTEGER NOT NULL
        CONSTRAINT "a sealing is complete or not" CHECK (complete IN (0, 1))
) STRICT;
