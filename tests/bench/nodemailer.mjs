// The same lesson through nodemailer's pool of ten connections; nothing is written down.
//     MODULES=…/node_modules node nodemailer.mjs PORT MAILS
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const nodemailer = createRequire(process.env.MODULES + "/")("nodemailer");
const [port, mails] = process.argv.slice(2).map(Number);
const lesson = new URL("../../config/programs/rebuilding-trust/week-1.hurt.md", import.meta.url);
const words = readFileSync(lesson, "utf8").split("+++").slice(2).join("+++").split("\n\n");
const style = "margin:0 0 16px;font-size:17px;line-height:27px;color:#1a241f";
const pool = nodemailer.createTransport({
  host: "127.0.0.1", port, pool: true, maxConnections: 10, maxMessages: Infinity, ignoreTLS: true,
});
const one = (number) => pool.sendMail({
  from: "Nadia <nadia@group.example>",
  to: `person${number}@example.org`,
  subject: "Weekly course, part 1",
  text: [`Dear Person ${number},`, ...words].join("\n\n"),
  html: `<html><body><p>Dear Person ${number},</p>${words.map((part) => `<p style="${style}">${part}</p>`).join("")}</body></html>`,
});
let next = 0;
const worker = async () => { while (next < mails) await one(next++); };
await Promise.all(Array.from({ length: 20 }, worker));
pool.close();
