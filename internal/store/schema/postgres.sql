-- The first schema in PostgreSQL. Rows are as in the file of SQLite, under the name of their record.
CREATE TABLE IF NOT EXISTS parley_record (
  name   text PRIMARY KEY,
  schema integer NOT NULL,
  run    text NOT NULL, -- the node that writes: every commit looks whether it still is
  holder text NOT NULL,
  since  timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS parley_row (
  name text    NOT NULL,
  n    bigint  NOT NULL, -- order of commit
  kind integer NOT NULL,
  log  text    NOT NULL,
  idx  bigint  NOT NULL,
  leaf bytea, a bytea, b bytea, c bytea,
  PRIMARY KEY (name, n)
);
CREATE TABLE IF NOT EXISTS parley_local (
  name  text  NOT NULL,
  key   text  NOT NULL,
  value bytea NOT NULL,
  PRIMARY KEY (name, key)
);
