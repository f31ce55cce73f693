"""What a trained model finds: runs scored, put side by side, and reported."""
