ALTER TABLE admins DROP COLUMN language;
