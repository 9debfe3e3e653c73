ALTER TABLE trucks ADD COLUMN latitude double precision;
ALTER TABLE trucks ADD COLUMN longitude double precision;
