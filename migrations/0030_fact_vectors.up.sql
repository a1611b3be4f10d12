-- What facts mean, as an embedding model sees it. A vector tells as much as its fact, and so is kept encrypted as the fact is:
-- it is compared in process, by no index. Both are empty where no embedding model is configured.
ALTER TABLE facts
    ADD COLUMN meaning       text,
    ADD COLUMN meaning_space text;
-- Rotation of keys, and the look at them at start, pass by all facts without one.
CREATE INDEX facts_with_meaning ON facts (id) WHERE meaning IS NOT NULL;
COMMENT ON COLUMN facts.meaning IS 'Fernet token of the vector of its content, a byte for each number; NULL until it is made, and again where the content was put right.';
COMMENT ON COLUMN facts.meaning_space IS 'The model of the vector and its dimensions; vectors of others are not compared.';
