-- For the district's record, the newest first. It grows at its end, as the record does.
CREATE INDEX record_by_time ON record (district_id, at);
