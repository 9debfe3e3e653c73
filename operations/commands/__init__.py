"""The commands, one file a group: parse, call, print, exit code. Loaded one by one when they are called."""
