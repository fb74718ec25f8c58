"""What a coach's developer would write: a lesson for each person, by jinja2, smtplib and sqlite3.

    python3 coach.py PORT MAILS FOLDER

One connection, and what was sent is written down fifty at a time, so that a crash doubles up to fifty mails.
"""
import email.message, email.utils, pathlib, smtplib, sqlite3, sys

import jinja2

port, mails, folder = int(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
lesson = pathlib.Path(__file__).resolve().parents[2] / "config/programs/rebuilding-trust/week-1.hurt.md"
words = [line for line in lesson.read_text().split("+++", 2)[2].split("\n\n") if line.strip()]
page = jinja2.Environment(autoescape=True).from_string(
    "<html><body style='font-family:sans-serif'><h1>{{ title }}</h1><p>Dear {{ name }},</p>"
    "{% for part in words %}<p style='margin:0 0 16px;font-size:17px;line-height:27px;color:#1a241f'>{{ part }}</p>{% endfor %}"
    "<p>We meet {{ when }}. <a href='https://groups.example/p/check-in/1?t={{ token }}'>Check in</a></p>"
    "<p>You get this because you signed up. <a href='https://groups.example/u/{{ token }}'>Unsubscribe</a></p></body></html>")
text = jinja2.Environment().from_string(
    "Dear {{ name }},\n\n{% for part in words %}{{ part }}\n\n{% endfor %}We meet {{ when }}.\n")
database = sqlite3.connect(folder / "coach.sqlite")
database.execute("PRAGMA journal_mode = WAL")
database.execute("PRAGMA synchronous = FULL")
database.executescript("DROP TABLE IF EXISTS people; CREATE TABLE people (id INTEGER PRIMARY KEY, name, email, sent_at)")
database.executemany("INSERT INTO people (name, email) VALUES (?, ?)",
                     ((f"Person {number}", f"person{number}@example.org") for number in range(mails)))
database.commit()
server = smtplib.SMTP("127.0.0.1", port)
for number, (id_, name, address) in enumerate(database.execute("SELECT id, name, email FROM people").fetchall()):
    known = {"title": "Week 1", "name": name, "words": words, "when": "Thursday, 4 March, 20:00 (Berlin)", "token": f"{id_:040x}"}
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "Nadia <nadia@group.example>", address, "Weekly course, part 1"
    message["Date"], message["Message-ID"] = email.utils.formatdate(), email.utils.make_msgid(domain="group.example")
    message["List-Unsubscribe"] = f"<https://groups.example/u/{known['token']}>"
    message.set_content(text.render(known))
    message.add_alternative(page.render(known), subtype="html")
    server.send_message(message)
    database.execute("UPDATE people SET sent_at = datetime('now') WHERE id = ?", (id_,))
    if number % 50 == 49:
        database.commit()
database.commit()
server.quit()
