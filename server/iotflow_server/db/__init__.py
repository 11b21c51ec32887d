"""The registry's database: engine, models, migrations."""
