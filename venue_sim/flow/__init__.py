"""The rest of the market: where books, trades and prices come from."""
