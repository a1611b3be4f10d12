DROP TABLE report_tops, report_money, report_cohorts, report_levels, report_times, report_hours, report_features, report_tools, report_models,
    report_person_days, report_days;
ALTER TABLE turns DROP COLUMN input_tokens, DROP COLUMN output_tokens, DROP COLUMN first_ms, DROP COLUMN has_image,
    DROP COLUMN drew, DROP COLUMN counted_at, DROP COLUMN said_at;
