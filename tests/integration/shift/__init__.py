"""A shift of real calls: who calls and how, who answers and how, and what the books say of it afterwards."""
