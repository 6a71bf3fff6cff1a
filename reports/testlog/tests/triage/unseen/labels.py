"""One decorator for each category."""


def _label(name):
    def mark(function):
        function.label = name
        return function
    return mark


bug, configuration = _label("BUG"), _label("CONFIGURATION")
environment, design = _label("ENVIRONMENT"), _label("TEST_DESIGN")
