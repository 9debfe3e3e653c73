"""Error rate, requests per second, latency and what failed alike, from the request log, /metrics or Prometheus."""
