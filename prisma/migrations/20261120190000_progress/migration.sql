-- How far a transcode is, for who comes while it runs: members who are there are told as it goes.
ALTER TABLE media_object ADD COLUMN progress smallint;
