"""What the demo supplier's pages show: words, prices, articles. No HTTP here."""
