"""Only what pyproject.toml cannot say: the top-level resources/ folder travels inside the package."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["guidedesk", "guidedesk.*"]), "guidedesk._resources"],
    package_dir={"guidedesk._resources": "resources"},
)
