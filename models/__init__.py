"""What is stored and what is said: facts, commands, the case, tables, views, words.

Nothing here imports anything of ours outside `models`, and nothing here touches the world.
"""
