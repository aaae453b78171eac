"""The ticket that fills itself: entities, taxonomy, departments, draft."""
