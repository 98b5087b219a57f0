"""Offline: from recorded races to the model file that pitwall reads; pitwall never imports this."""
