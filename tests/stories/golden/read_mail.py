"""Reads mails that Trellis wrote, with libraries that did not write them: email, icalendar, dkimpy.

usage: read_mail.py FOLDER

FOLDER holds `*.eml` and `zone.json`, the DNS records of the keys by their names. Prints one JSON object a line: what
each mail says to these readers, and everything that they object to.
"""

import email
import email.policy
import json
import pathlib
import sys

import dkim
import icalendar


def complaints_of(part):
    """Every defect of a part and of those inside it."""
    found = [type(defect).__name__ for defect in part.defects]
    for name, value in part.items():
        found += [f"{name}: {type(defect).__name__}" for defect in getattr(value, "defects", [])]
    if part.is_multipart():
        for inner in part.iter_parts():
            found += complaints_of(inner)
    return found


def signatures_of(octets, zone):
    """Whether each signature holds, in the order of the header."""
    record = lambda name, timeout=5: zone.get(name.decode() if isinstance(name, bytes) else name, "").encode() or None
    count = len(email.message_from_bytes(octets).get_all("DKIM-Signature", []))

    def holds(index):
        try:
            return bool(dkim.DKIM(octets, minkey=1024).verify(idx=index, dnsfunc=record))
        except dkim.DKIMException:
            return False

    return [holds(index) for index in range(count)]


def address_of(value):
    return str(value).removeprefix("mailto:").removeprefix("MAILTO:")


def calendar_of(text):
    calendar = icalendar.Calendar.from_ical(text)
    events = calendar.walk("VEVENT")
    event = events[0]
    attendees = event.get("ATTENDEE", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    instant = lambda name: event.decoded(name).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "method": str(calendar["METHOD"]),
        "events": len(events),
        "uid": str(event["UID"]),
        "sequence": int(event["SEQUENCE"]),
        "status": str(event["STATUS"]),
        "stamp": instant("DTSTAMP"),
        "modified": instant("LAST-MODIFIED"),
        "starts": instant("DTSTART"),
        "ends": instant("DTEND"),
        "summary": str(event["SUMMARY"]),
        "location": str(event.get("LOCATION", "")),
        "organizer": address_of(event["ORGANIZER"]),
        "attendees": [address_of(attendee) for attendee in attendees],
        "answers": [str(attendee.params.get("PARTSTAT", "")) for attendee in attendees],
        "errors": [str(error) for event in events for error in event.errors],
        "alarms": len(calendar.walk("VALARM")),
        "zones": len(calendar.walk("VTIMEZONE")),
    }


def read(path, zone):
    octets = path.read_bytes()
    mail = email.message_from_bytes(octets, policy=email.policy.default)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    told = {
        "name": path.name,
        "subject": mail["Subject"],
        "from": [address.addr_spec for address in mail["From"].addresses],
        "from_name": mail["From"].addresses[0].display_name,
        "to": [address.addr_spec for address in mail["To"].addresses],
        "headers": [[name, str(value)] for name, value in mail.items()],
        "defects": complaints_of(mail),
        "signatures": signatures_of(octets, zone),
        "kinds": [part.get_content_type() for part in mail.walk()],
        "charsets": [part.get_content_charset() for part in parts if part.get_content_maintype() == "text"],
        "text": mail.get_body(("plain",)).get_content(),
        "html": mail.get_body(("html",)).get_content(),
        "calendar": None,
    }
    for part in parts:
        if part.get_content_type() == "text/calendar":
            octets_of_part = part.get_payload(decode=True)
            told["calendar"] = calendar_of(octets_of_part)
            told["calendar"]["parameter"] = part.get_param("method")
            told["calendar"]["disposition"] = part.get_content_disposition()
            files = [other for other in parts if other.get_content_type() == "application/ics"]
            told["calendar"]["same_file"] = all(other.get_payload(decode=True) == octets_of_part for other in files)
            told["calendar"]["files"] = [other.get_filename() for other in files]
    return told


def main(folder):
    folder = pathlib.Path(folder)
    zone = json.loads((folder / "zone.json").read_text())
    for path in sorted(folder.glob("*.eml")):
        print(json.dumps(read(path, zone), ensure_ascii=True))


main(sys.argv[1])
