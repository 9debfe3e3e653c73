"""The incident: what its events say, and nothing else. No bookkeeping beside the journal."""
