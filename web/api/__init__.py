"""The same nouns as JSON: `shapes` says what they look like, `answers` how lists and repeats are answered.

One file for each noun; `schema` describes all of them as OpenAPI.
"""
