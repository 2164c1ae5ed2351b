"""An error in the words of the report, which names files but no path of the machine."""

from engine.deployment import Deployment


def error_in_words(deployment: Deployment, error: Exception) -> str:
    """The sentence of an error with the name of its file in place of the path."""
    told = str(error)
    if path := getattr(error, "path", ""):
        told = told.replace(path, path.rpartition("/")[2])
    settings = deployment.settings
    for root in (settings.models_root, settings.datamart_root, str(settings.home.absolute())):
        told = told.replace(f"{root.rstrip('/')}/", "")
    return told
