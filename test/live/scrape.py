"""Scrapes an OpenMetrics endpoint as Prometheus does, strictly, and prints the samples as JSON."""
import json
import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

with urllib.request.urlopen(sys.argv[1], timeout=10) as response:
    kind = response.headers["content-type"]
    if kind != "application/openmetrics-text; version=1.0.0; charset=utf-8":
        sys.exit(f"content type {kind}")
    text = response.read().decode()
samples = {}
for family in text_string_to_metric_families(text):
    for sample in family.samples:
        labels = ",".join(f"{key}={value}" for key, value in sample.labels.items())
        samples[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
print(json.dumps(samples))
