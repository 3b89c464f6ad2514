"""A small web shop as people write them: sessions and carts in Redis, orders in PostgreSQL, images in S3.

Its parts know nothing of Fairlead. The tests run it through gateways and look at what it used and where it still works.
"""
