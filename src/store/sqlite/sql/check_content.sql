SELECT 'event ' || id FROM event WHERE NOT json_valid(given)
UNION ALL
SELECT 'the payload ' || version || ' of event ' || event_id FROM payload WHERE NOT json_valid(CAST(body AS TEXT));
