"""A running studio to other engines: from SQLite to PostgreSQL, from a folder to a bucket and back."""
