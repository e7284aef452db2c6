"""Real-world requests with the primitives that they need: is what is made of them whole, and does it run?"""
