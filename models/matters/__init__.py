"""Matters (事项): the durable things of the park beside the case, from an enterprise to an undertaking.

`base` has what all of them share, `commands` and `facts` the ones every kind takes, `effects` what a fact sets off
elsewhere, `messages` what travels between doors, workflow and recording step. One file per kind holds its state, its
commands and its facts.
"""
