"""Templates that others write: Liquid, bounded in every direction; pure.

Source: https://shopify.github.io/liquid/, https://jg-rp.github.io/liquid/
"""
