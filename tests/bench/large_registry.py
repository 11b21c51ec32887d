"""A registry of many devices, written by SQL within a minute: the time of registrations is measured elsewhere."""

import sqlite3
from contextlib import closing
from pathlib import Path

from iotflow_server.db.migration import migrate
from iotflow_server.db.sqlite_files import use_write_ahead_log

# Names are device-<number>, types sensor-0 to sensor-49. One device in 20 is online, one in 100 has another status than active.
FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)
INSERT INTO devices (id, name, folded_name, description, device_type, status, location, firmware_version,
                     hardware_version, configuration, key_hash, mqtt_verifier, created_at, updated_at, last_seen)
SELECT n, printf('device-%07d', n), printf('device-%07d', n), '', 'sensor-' || (n % 50),
       CASE WHEN n % 100 THEN 'active' WHEN n % 200 THEN 'error' ELSE 'inactive' END, 'hall ' || (n % 1000), '1.' || (n % 7),
       '', '{"interval": 60}', lower(hex(randomblob(32))), '$7$1$' || hex(randomblob(55)),
       strftime('%Y-%m-%d %H:%M:%f000', 'now', '-' || (n % 60) || ' days'),
       strftime('%Y-%m-%d %H:%M:%f000', 'now'),
       -- The time lies ahead, so that these devices stay online.
       CASE WHEN n % 20 = 0 THEN strftime('%Y-%m-%d %H:%M:%f000', 'now', '+1 day') END
FROM numbers
"""


def make_registry(folder: Path, count: int) -> None:
    """Write the registry of a data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "registry.db"
    migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        use_write_ahead_log(connection, 5)
        connection.execute("BEGIN")
        connection.execute(FILL, {"count": count})
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
