"""Review: opinions side by side, adjudication, how far people agree, and the rule that makes labels."""
