"""The ledger: every forecast and its outcome, appended only, chained by hashes.

`bodies` says which bytes an entry consists of, `chain` appends, `entering` turns a batch into
entries, `scoring` counts what came out, `verifying` checks it all, `reading` is what pages ask.
"""
