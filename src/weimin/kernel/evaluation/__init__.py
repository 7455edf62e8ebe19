"""How it went, in the words of the person served: ratings, and the repair of bad ones.

Owns: ratings (评价), repairs (差评整改). A bad rating opens a repair that an office has to answer.
"""
