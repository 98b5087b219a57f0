"""The door of the event socket: who may speak, how much, and what is kept of whom.

Reflex lets a socket name any handler of any state, keeps a state for an hour after its tab is
closed, and hands it to whoever names its token. What stands here is put between the socket and
Reflex by `install`. Beside `broadcast` and `shared_states` these modules alone touch internals of
Reflex, python-socketio and python-engineio; `tests/sockets` fails when an upgrade breaks one.
"""
