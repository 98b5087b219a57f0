"""Protect pages, routes and sockets alike: ASGI wrappers, each around the next one.

Outermost first: `RequestIds` names a request, `Visitors` reads the visitor's address behind a
proxy, `SecurityHeaders` tells browsers what the pages may do, `Crowds` limits each address, `Hosts`
refuses foreign host names, `Origins` keeps other sites out, `Bodies` bounds request bodies,
`Failures` answers unexpected errors. `stack.protected` puts them together.
"""
