ALTER TABLE settings DROP COLUMN menu_buttons;
