"""What the commands do beyond a run of their own: hand over to farms, plan views, look a machine over."""
