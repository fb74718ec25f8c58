// The same letter through nodemailer's pool of ten connections, its name filled in; nothing is written down.
//     MODULES=…/node_modules node nodemailer.mjs PORT MAILS FOLDER
// The folder holds letter.html and letter.txt, as coach.py left them there.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const nodemailer = createRequire(process.env.MODULES + "/")("nodemailer");
const [port, mails] = process.argv.slice(2, 4).map(Number);
const read = (name) => readFileSync(`${process.argv[4]}/${name}`, "utf8");
const [html, text] = [read("letter.html"), read("letter.txt")];
const pool = nodemailer.createTransport({
  host: "127.0.0.1", port, pool: true, maxConnections: 10, maxMessages: Infinity, ignoreTLS: true,
});
const one = (number) => {
  const filled = (words) => words.replaceAll("Person 0", `Person ${number}`);
  return pool.sendMail({
    from: "Nadia <nadia@group.example>",
    to: `person${number}@example.org`,
    subject: "Weekly course, part 1",
    text: filled(text),
    html: filled(html),
  });
};
let next = 0;
const worker = async () => { while (next < mails) await one(next++); };
await Promise.all(Array.from({ length: 20 }, worker));
pool.close();
