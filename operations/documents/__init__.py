"""Papers that leave Vigie: what one says as plain data, and its writers for Markdown and HTML. Knows no incident."""
