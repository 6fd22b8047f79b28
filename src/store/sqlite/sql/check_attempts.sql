SELECT 'delivery ' || id
FROM delivery
WHERE attempts <> (SELECT count(*) FROM attempt WHERE delivery_id = delivery.id);
