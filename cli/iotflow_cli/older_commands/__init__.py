"""The commands of the older service by their earlier names. Scripts of a checkout run them; see docs/migration.md."""
