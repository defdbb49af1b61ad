# Caddy as an account of its own; the official image's folders belong to root.
FROM caddy:2.11.7-alpine
RUN adduser -D -H -u 10003 -s /sbin/nologin app && chown -R app:app /data /config
COPY deploy/proxy/Caddyfile /etc/caddy/Caddyfile
USER 10003:10003
