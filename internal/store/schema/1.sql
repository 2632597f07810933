-- The first schema: frozen. A change is a new file, never an edit of this one.
-- No index but the order of commit: look-ups are by place, in the record's memory;
-- an index on hashes cost three quarters of the write rate when it was measured.
CREATE TABLE row (
  n    INTEGER PRIMARY KEY, -- order of commit
  kind INTEGER NOT NULL,
  log  TEXT    NOT NULL,    -- full log name, '' where there is none
  idx  INTEGER NOT NULL,
  leaf BLOB,
  a BLOB, b BLOB, c BLOB
) STRICT;
CREATE TABLE local (
  key   TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
