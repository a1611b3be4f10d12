-- The keys below the field in which people type.
ALTER TABLE settings ADD COLUMN menu_buttons boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN settings.menu_buttons IS 'Whether the bot shows its main commands as a reply keyboard.';
