"""The trade of one dealer as journeys: a seed, a dealer and a day decide everything that ever happens in them."""
