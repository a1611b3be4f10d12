-- Who the companion is and how it speaks, as somebody wrote it while everything runs; in place of what is configured.
CREATE TABLE prompts (
    name       text        NOT NULL,
    version    integer     NOT NULL CHECK (version > 0),
    content    text        NOT NULL,
    note       text        NOT NULL,
    author     text        NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (name, version)
);
COMMENT ON TABLE prompts IS 'Every version of each prompt that was ever written. Rows are only added. They are instructions to models, and hold nothing of anybody.';
COMMENT ON COLUMN prompts.name IS 'Which, of evolve_engine::prompt::overrides; others are let be: another version knows them.';
COMMENT ON COLUMN prompts.version IS 'From 1, one after the other for each name.';
COMMENT ON COLUMN prompts.note IS 'Why, as its author wrote; empty for nothing said.';
COMMENT ON COLUMN prompts.author IS 'Who wrote it, as in audit_log.actor.';

CREATE TABLE prompt_choices (
    name       text PRIMARY KEY,
    version    integer,
    chosen_at  timestamptz NOT NULL,
    chosen_by  text        NOT NULL,
    FOREIGN KEY (name, version) REFERENCES prompts (name, version)
);
COMMENT ON TABLE prompt_choices IS 'Which version is used. Without a row, what is configured.';
COMMENT ON COLUMN prompt_choices.version IS 'NULL for what is configured.';
COMMENT ON COLUMN prompt_choices.chosen_by IS 'Who chose it, as in audit_log.actor.';
