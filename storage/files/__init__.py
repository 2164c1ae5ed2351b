"""Files that survive a crash: durable writes, and folders on a local disk or an object store.

Every package may import it.
"""
