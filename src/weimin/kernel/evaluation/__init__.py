"""How it went, in the words of the person served: ratings, and the repair of bad ones.

Owns: ratings (评价), repairs (差评整改), questions about looks (查看询问). A bad rating opens a repair that an office
has to answer; a person may ask why an office looked at their data, and gets an answer by a day.
"""
