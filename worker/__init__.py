"""The farm: jobs for RQ workers, and the commands around them."""
