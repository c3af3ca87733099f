"""How many examples Hypothesis tries, where a test does not say it itself.

``pytest`` tries few; ``pytest --hypothesis-profile=deep`` thousands, which takes minutes.
"""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "default", settings(), max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", settings.get_profile("default"), max_examples=5000)
settings.load_profile("default")
