"""A stand-in main dealer: DGI 1.3 over HTTP with invented, linked, deterministic documents and faults to order."""
