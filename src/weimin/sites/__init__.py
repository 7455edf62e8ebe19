"""The shells: portal (public, phone first) and desk (staff). They compose; pages belong to apps."""
