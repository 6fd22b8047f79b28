-- The same rules of the tables that are written with every event, in words that cost less.
--
-- For `x IN (...)` with three values or more SQLite builds a table in memory, anew for every row that is checked. And
-- since a delivery's triggers make its statements ones of several writes, references that are checked at once have
-- SQLite copy every page that such a statement touches, so that it could take back a part of it; what fails here takes
-- back its whole savepoint anyway (see `OR FAIL` in `delivery_insert.sql`).
--
-- Neither is a part of what is stored, so the text is changed where SQLite keeps it, as its documentation of ALTER
-- TABLE has it.

PRAGMA writable_schema = ON;

UPDATE sqlite_schema
SET sql = replace(
    sql,
    '(no_delivery IN (
            ''no_hook_in_scope'', ''no_trigger'', ''hook_disabled'', ''version_cannot_carry_id'', ''event_deprecated''
        ))',
    '(
            no_delivery = ''no_hook_in_scope'' OR no_delivery = ''no_trigger'' OR no_delivery = ''hook_disabled''
            OR no_delivery = ''version_cannot_carry_id'' OR no_delivery = ''event_deprecated''
        )'
)
WHERE type = 'table' AND name = 'event';

UPDATE sqlite_schema
SET sql = replace(
    sql,
    'version IN (''v2.0'', ''v3.0'', ''v4.0'')',
    'version = ''v2.0'' OR version = ''v3.0'' OR version = ''v4.0'''
)
WHERE type = 'table' AND name = 'payload';

UPDATE sqlite_schema
SET sql = replace(
    sql,
    'status IN (''queued'', ''delivered'', ''discarded'')',
    'status = ''queued'' OR status = ''delivered'' OR status = ''discarded'''
)
WHERE type = 'table' AND name = 'delivery';

UPDATE sqlite_schema
SET sql = replace(
    sql,
    '(why IN (
            ''flushed'', ''operator'', ''hook_deleted'', ''max_attempts''
        ))',
    '(
            why = ''flushed'' OR why = ''operator'' OR why = ''hook_deleted'' OR why = ''max_attempts''
        )'
)
WHERE type = 'table' AND name = 'delivery';

UPDATE sqlite_schema
SET sql = replace(
    sql,
    'REFERENCES hook (id)',
    'REFERENCES hook (id) DEFERRABLE INITIALLY DEFERRED'
)
WHERE type = 'table' AND name = 'delivery';

UPDATE sqlite_schema
SET sql = replace(
    sql,
    'REFERENCES payload (event_id, version)',
    'REFERENCES payload (event_id, version) DEFERRABLE INITIALLY DEFERRED'
)
WHERE type = 'table' AND name = 'delivery';

-- Off again, and this connection reads the new text.
PRAGMA writable_schema = RESET;
