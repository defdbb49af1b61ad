"""The registry over HTTP, for the administrators' pages in Superset: same rules, same change history as the commands.

It listens on this machine alone (in containers: on a network that only Superset is on) and answers nobody who does not
send REGISTRY_SERVICE_KEY. Who acts is named by the caller, which has let them in.
"""
