"""What is wrong with the sound of a leg."""
