DELETE FROM events WHERE kind = 'backup.old';
DROP INDEX events_of_backups;
DROP TABLE backups;
