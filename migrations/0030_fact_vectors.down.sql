DROP INDEX facts_with_meaning;
ALTER TABLE facts DROP COLUMN meaning_space, DROP COLUMN meaning;
