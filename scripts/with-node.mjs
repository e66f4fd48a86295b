// node scripts/with-node.mjs FILE [ARGUMENT...]: runs a script of this project on Node 24, installing the dependencies when needed.
import { launch } from "./launch.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write("usage: node scripts/with-node.mjs FILE [ARGUMENT...]\n");
  process.exitCode = 1;
} else {
  await launch(file, args);
}
