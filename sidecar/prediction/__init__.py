"""What a trained model says of a picture: anomaly maps, masks, and the network as a file for other programs."""
