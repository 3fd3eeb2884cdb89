"""The sound of a long text: what MiniMax sent is taken in, cut into sentences, and joined into what is heard.

Everything streams, so a book of seventeen hours takes no more memory than a sentence. Nothing here knows the database.
`apart` does all of it in a process of its own; workers use that.
"""
