"""From a document to sentences that can be spoken. Pure Python: no Django, no rows."""
