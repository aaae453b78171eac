"""Alembic's environment and the versions of the journal's database; run by ``gateway.store.database``."""
