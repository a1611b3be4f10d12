DROP INDEX inbox_urgent;
ALTER TABLE inbox DROP COLUMN urgent;
ALTER TABLE usage_days DROP COLUMN edits;
ALTER TABLE conversations DROP COLUMN reread;
DROP TABLE stops;
DROP INDEX turns_quoting;
DROP INDEX turns_also;
ALTER TABLE turns DROP COLUMN also_key, DROP COLUMN quoted, DROP COLUMN image_ref;
