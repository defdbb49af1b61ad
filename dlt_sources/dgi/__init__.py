"""The DGI API of Astra Honda Motor's main dealers: endpoints, signing, client, windows and the dlt source."""
