"""The outside world's formats: email, web chat, forms. Each adapter turns them into what inbox understands.

An adapter never imports another; registry names them by kind, so that others can add one.
"""
