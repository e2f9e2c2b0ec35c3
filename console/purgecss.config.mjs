// Of Tabler's style sheet pages load what their templates and scripts name, and the custom properties that are read.
import { readFileSync, readdirSync } from "node:fs";

const ours = readdirSync("styles").map((name) => readFileSync(`styles/${name}`, "utf8"));

export default {
  css: ["node_modules/@tabler/core/dist/css/tabler.min.css"],
  content: ["../app/web/console/templates/*.html", "scripts/*.js"],
  variables: true,
  keyframes: true,
  fontFace: true,
  safelist: { variables: ours.flatMap((sheet) => [...sheet.matchAll(/var\((--[\w-]+)/g)].map((found) => found[1])) },
};
