"""What stands around pages, routes and sockets alike: pure ASGI, nothing buffered.

Outermost first: `request_ids` names a request, `visitors` says who asks where a proxy stands
between, `security_headers` tells browsers what the pages may do, `origins` keeps other sites
out. `around` puts them together.
"""
