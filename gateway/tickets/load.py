"""The drafts with a site's own files in the settings' folder: taxonomy, departments, places."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config import Settings
from gateway.errors import SettingError
from gateway.tickets.departments import Departments
from gateway.tickets.draft import Drafts
from gateway.tickets.places import Gazetteer
from gateway.tickets.taxonomy import Taxonomy


def load_drafts(folder: Path, settings: Settings) -> Drafts:
    """Drafts by the files in ``folder``. Raises SettingError with file and key."""
    try:
        zone = ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingError("timezone", "no such time zone", "Use a name such as Asia/Shanghai") from error
    taxonomy = Taxonomy.load(folder / "taxonomy" / "12345.csv")
    departments = Departments.load(folder / "departments.toml")
    return Drafts(taxonomy, departments, zone, settings.home_city, Gazetteer.load(folder / "places.txt"))
