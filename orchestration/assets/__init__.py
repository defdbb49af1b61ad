"""The assets: raw documents from the main dealers, and what dbt makes of them."""
