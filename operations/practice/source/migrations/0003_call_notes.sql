ALTER TABLE calls ADD COLUMN note text;
