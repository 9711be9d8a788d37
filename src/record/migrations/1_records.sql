-- One row: the chain's last record, and the one that it begins after.
CREATE TABLE consentry_head (
    id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    start_seq BIGINT NOT NULL,
    start_hash TEXT NOT NULL
);
INSERT INTO consentry_head (id, seq, hash, start_seq, start_hash) VALUES (1, 0, '', 0, '');

CREATE TABLE consentry_records (
    seq BIGINT PRIMARY KEY,
    hash TEXT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    at_minute BIGINT NOT NULL,
    site TEXT NOT NULL,
    policy TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    language TEXT NOT NULL,
    regime TEXT NOT NULL,
    method TEXT NOT NULL,
    purposes TEXT NOT NULL,
    vendors_hash TEXT NOT NULL,
    receipt TEXT,
    software TEXT NOT NULL
);
CREATE INDEX consentry_records_receipt ON consentry_records (receipt);
CREATE INDEX consentry_records_at ON consentry_records (at_minute);

-- What visitors were shown, each once.
CREATE TABLE consentry_texts (hash TEXT PRIMARY KEY, language TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE consentry_vendors (hash TEXT PRIMARY KEY, body TEXT NOT NULL);

-- Refusals of which only the number is kept.
CREATE TABLE consentry_refusals (
    day_minute BIGINT NOT NULL,
    site TEXT NOT NULL,
    policy TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (day_minute, site, policy)
);

-- The spool's segments that are in the store already: writing one again changes nothing.
CREATE TABLE consentry_segments (name TEXT PRIMARY KEY, stored_minute BIGINT NOT NULL);
