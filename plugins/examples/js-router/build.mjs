// Makes a component of a custom router written for claude-code-router:
//   node build.mjs custom-router.js custom-router.wasm

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const [, , source, target] = process.argv;
if (!source || !target) {
  console.error('usage: node build.mjs custom-router.js custom-router.wasm');
  process.exit(64);
}
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shim = await readFile(here('shim.js'), 'utf8');
// As functions, so that a dollar sign in the source is no pattern. `export default` is how newer files say it.
const script = (await readFile(source, 'utf8')).replace(/^export\s+default\s+/m, () => 'module.exports = ');
const name = basename(source, extname(source)).toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'router';
const whole = shim.replace('/* THE ROUTER */', () => script).replace('name: NAME', () => `name: ${JSON.stringify(name)}`);

const folder = await mkdtemp(join(tmpdir(), 'js-router-'));
try {
  const sourcePath = join(folder, 'router.js');
  await writeFile(sourcePath, whole);
  const { component } = await componentize({
    sourcePath,
    witPath: here('../../../wit/0.2.0'),
    worldName: 'router-plugin',
    disableFeatures: ['http', 'fetch-event'],
  });
  await writeFile(target, component);
} finally {
  await rm(folder, { recursive: true });
}
console.log(`${target}: router \`${name}\`; name it in CUSTOM_ROUTER_PATH`);
