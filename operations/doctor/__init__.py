"""What Vigie needs of this machine, its settings and everything outside: looked at before it is needed at night."""
