"""Train and evaluate, offline, the model that pitwall reads; pitwall never imports this."""
