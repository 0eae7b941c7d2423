"""Facts about IR and rewrites of it that keep its meaning."""
