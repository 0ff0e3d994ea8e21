"""Measurements: each prints figures beside a baseline that is measured in the same run. `make bench` runs
all."""
