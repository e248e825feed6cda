"""What every hook shares: the picture, its theme, and the live form in a page."""
