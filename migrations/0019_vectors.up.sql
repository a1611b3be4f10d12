-- What messages mean, as an embedding model sees it. The column is of pgvector's halfvec from the day on which an embedding model is
-- configured (store::vectors), and of an array until then, so that pgvector is needed by those alone who want it. A vector stays
-- in its row, since all of a person's are compared at once.
CREATE TABLE message_vectors (
    user_id bigint  NOT NULL REFERENCES users (id),
    number  integer NOT NULL,
    month   date    NOT NULL,
    model   text    NOT NULL,
    vector  real[],
    PRIMARY KEY (user_id, number)
) WITH (toast_tuple_target = 8160);
CREATE INDEX message_vectors_owed ON message_vectors (user_id, number) WHERE vector IS NULL;
COMMENT ON TABLE message_vectors IS 'Where messages stand in the space of an embedding model; empty where none is configured.';
COMMENT ON COLUMN message_vectors.number IS 'The message''s number (messages.number).';
COMMENT ON COLUMN message_vectors.month IS 'First day of the month (UTC) of the message.';
COMMENT ON COLUMN message_vectors.model IS 'The model and its dimensions; vectors of others are not compared.';
COMMENT ON COLUMN message_vectors.vector IS 'NULL where the message says something else now and is to be looked at again.';

CREATE TABLE vector_progress (
    user_id bigint  PRIMARY KEY REFERENCES users (id),
    model   text    NOT NULL,
    upto    integer NOT NULL
);
COMMENT ON TABLE vector_progress IS 'Up to which message of a person vectors were made, and by which model.';
