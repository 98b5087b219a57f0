"""Keep the ledger: every forecast and its outcome, append-only, chained by hashes.

`entries` defines the bytes of an entry and appends to the chain, `writer` turns a batch into
entries, `scores` counts outcomes, `verifier` checks it all, `reader` serves the pages.
"""
