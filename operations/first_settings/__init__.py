"""The settings file that `vigie init` writes: what is found in the folder, and the commented text made of it."""
