"""Who the customer is as the host's server vouches for, where they are, what they read, how to reach them."""
