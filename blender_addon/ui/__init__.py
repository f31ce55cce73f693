"""What an artist sees in Blender: thin operators and panels over plain functions.

``inspection`` knows what is open, ``prepared`` gets its part, ``facts`` says what a frame is, ``drivers`` gives
``param`` to Blender; none of these draws.
"""
