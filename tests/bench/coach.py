"""What a coach's developer would write: a lesson for each person, by jinja2, smtplib and sqlite3.

    python3 coach.py PORT MAILS FOLDER

It prints the size of a mail in bytes, and leaves its two texts in the folder. One connection, and what was sent is written down fifty at a time, so that a crash doubles up to fifty mails.
"""
import email.message, email.utils, pathlib, smtplib, sqlite3, sys

import jinja2

port, mails, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
here = pathlib.Path(__file__).resolve().parents[2]
lesson = here / "config/programs/rebuilding-trust/week-1.hurt.md"
words = [line for line in lesson.read_text().split("+++", 2)[2].split("\n\n") if line.strip()]
style = "margin:0 0 16px;font-family:sans-serif;font-size:17px;line-height:27px;color:#1a241f"
# The letter that Trellis sends, from the same templates: jinja2 reads them as they are.
env = jinja2.Environment(loader=jinja2.FileSystemLoader(here / "email-templates"), autoescape=jinja2.select_autoescape(),
                         trim_blocks=True, lstrip_blocks=True)
env.filters["moment"] = str
page, text = env.get_template("weekly_lesson/body.html"), env.get_template("weekly_lesson/body.txt")
same = {"week_label": "Week 1", "title": "Solid ground", "body_text": "\n\n".join(words), "sign_off": ["Warmly", "Nadia"],
        "body_html": "".join(f'<p style="{style}">{part}</p>\n' for part in words),
        "next_session": "Thursday, 4 March, 20:00 (Berlin)"}
site = "https://groups.example"


def known(name, token):
    letter = {**same, "name": name, "check_in_url": f"{site}/p/check-in/1?t={token}", "page_url": f"{site}/p?t={token}"}
    footer = {"reason": f"{name}, you get this because you signed up for the weekly course.", "privacy_url": f"{site}/privacy",
              "unsubscribe": {"url": f"{site}/u/{token}", "label": "Unsubscribe"}, "settings_url": f"{site}/p/settings?t={token}",
              "address_line": "Nadia, 1 Long Road, Berlin"}
    return {"subject": "Weekly course, part 1", "letter": letter, "frame": {"footer": footer, "preview": words[0][:90],
            "language": "en", "direction": "ltr", "sender_name": "Nadia"}}


database = sqlite3.connect(folder / "coach.sqlite")
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.executescript("DROP TABLE IF EXISTS people; CREATE TABLE people (id INTEGER PRIMARY KEY, name, email, sent_at)")
database.executemany("INSERT INTO people (name, email) VALUES (?, ?)",
                     ((f"Person {number}", f"person{number}@example.org") for number in range(mails)))
database.commit()
server = smtplib.SMTP("127.0.0.1", port)
first = known("Person 0", "0" * 40)
(folder / "letter.html").write_text(page.render(first))
(folder / "letter.txt").write_text(text.render(first))
size = 0
for number, (id_, name, address) in enumerate(database.execute("SELECT id, name, email FROM people").fetchall()):
    token = f"{id_:040x}"
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "Nadia <nadia@group.example>", address, "Weekly course, part 1"
    message["Date"], message["Message-ID"] = email.utils.formatdate(), email.utils.make_msgid(domain="group.example")
    message["List-Unsubscribe"] = f"<{site}/u/{token}>"
    person = known(name, token)
    message.set_content(text.render(person))
    message.add_alternative(page.render(person), subtype="html")
    server.send_message(message)
    if number == 0:
        size = len(bytes(message))
    database.execute("UPDATE people SET sent_at = datetime('now') WHERE id = ?", (id_,))
    if number % 50 == 49:
        database.commit()
database.commit()
server.quit()
print(size)
