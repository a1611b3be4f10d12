DROP TABLE vector_progress;
DROP TABLE message_vectors;
