"""What stands around pages, routes and sockets alike: pure ASGI, buffering bounded bodies alone.

Outermost first: `request_ids` names a request, `visitors` says who asks where a proxy stands
between, `security_headers` tells browsers what the pages may do, `crowds` gives each address its
share, `hosts` knows the server's names, `origins` keeps other sites out, `bodies` bounds what a
request brings, `failures` answers what nobody foresaw. `around` puts them together.
"""
