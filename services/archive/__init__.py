"""The archive of facts and of what the facts refer to, and the rebuilding of a lost store from it."""
