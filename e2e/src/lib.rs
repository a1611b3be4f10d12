//! Whole-system stories live in `tests/`: Telegram, bot, API, models, Postgres and Redis together.
