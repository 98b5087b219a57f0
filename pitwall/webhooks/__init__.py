"""Tell other programs what happens in the live race: webhooks, of accounts."""
