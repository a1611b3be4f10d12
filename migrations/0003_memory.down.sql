DROP TABLE summaries;
DROP TABLE facts;
