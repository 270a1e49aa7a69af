"""Backups: one file that holds an instance, written while it runs, and the way back from it.

A backup counts only when it was restored into an empty place and every truth held there: one that could not
be verified is never called good. It is not encrypted as a whole: documents are sealed already, the database
is not, so keep the file as carefully as the instance. (Encryption to an offline public key comes later.)
"""
