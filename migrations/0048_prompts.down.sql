DROP TABLE prompt_choices;
DROP TABLE prompts;
