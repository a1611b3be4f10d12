DROP TABLE flag_changes;
DROP TABLE flags;
