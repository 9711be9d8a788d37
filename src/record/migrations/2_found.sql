-- The vendors that were found on each site: what its visitors are asked about.
CREATE TABLE consentry_found (
    site TEXT NOT NULL,
    vendor TEXT NOT NULL,
    first_minute BIGINT NOT NULL,
    PRIMARY KEY (site, vendor)
);
