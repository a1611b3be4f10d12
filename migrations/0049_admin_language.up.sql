-- In which language somebody who runs the bot reads the panel.
ALTER TABLE admins ADD COLUMN language text;
COMMENT ON COLUMN admins.language IS 'Code of the language that they chose. NULL for what their browser asks for.';
