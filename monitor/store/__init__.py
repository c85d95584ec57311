"""What tieout has seen and said, in SQLite or PostgreSQL.

Functions take a `sqlalchemy.Connection` and never commit: whoever holds the transaction
(`Database.read`, `Database.write`) decides what becomes durable together.
"""
