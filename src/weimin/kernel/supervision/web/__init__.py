"""Warnings, orders, overruns and findings on the desk; published reasons on the portal."""
