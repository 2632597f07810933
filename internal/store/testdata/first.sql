-- A file of the first schema as it was written then. Frozen: never edit, never regenerate.
PRAGMA journal_mode = WAL;
CREATE TABLE row (
  n    INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  log  TEXT    NOT NULL,
  idx  INTEGER NOT NULL,
  leaf BLOB,
  a BLOB, b BLOB, c BLOB
) STRICT;
CREATE TABLE local (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO row (kind, log, idx, leaf, a, b, c) VALUES (1, 'aurelia/1.k7qx3m', 0, zeroblob(32), CAST('note' AS BLOB), CAST('{}' AS BLOB), NULL);
INSERT INTO local (key, value) VALUES ('alarms', CAST('a' AS BLOB));
PRAGMA application_id = 1347570777;
PRAGMA user_version = 1;
