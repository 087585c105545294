// What the console weighs, beside what it may weigh. Fails when a budget is passed.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const page = readFileSync(`${dist}index.html`, 'utf8');
const kB = (bytes) => Math.round(bytes / 100) / 10;

const assets = new Map();
let carried = 0;
for (const file of readdirSync(`${dist}assets`)) {
  if (file.endsWith('.gz')) continue;
  const bytes = readFileSync(`${dist}assets/${file}`);
  carried += bytes.length;
  const text = file.endsWith('.br') ? brotliDecompressSync(bytes) : bytes;
  assets.set(file.replace(/\.br$/, ''), gzipSync(text, { level: 9 }).length);
}
const first = [...page.matchAll(/assets\/([^"]+)"/g)].map(([, name]) => name);
const sum = (ending) =>
  first.filter((name) => name.endsWith(ending)).reduce((all, name) => all + assets.get(name), 0);
const words = [...assets].filter(([name]) => /^(en|zh-CN)-/.test(name)).map(([, size]) => size);
const chunks = [...assets].filter(
  ([name]) => name.endsWith('.js') && !first.includes(name) && !/^(en|zh-CN)-/.test(name),
);
const editor = chunks.filter(([name]) => /^(codemirror|CodeEditor|DiffView)/.test(name));
const route = Math.max(0, ...chunks.filter((one) => !editor.includes(one)).map(([, size]) => size));
const { dependencies } = JSON.parse(
  readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'),
);

const budgets = [
  [
    'JavaScript of the first page with the words of a language, kB gzip',
    kB(sum('.js') + Math.max(...words)),
    150,
  ],
  ['CSS of the first page, kB gzip', kB(sum('.css')), 15],
  ['requests of the first page', first.length + 2, 8],
  ['largest chunk of a route, kB gzip', kB(route), 25],
  ['the editor, kB gzip', kB(editor.reduce((all, [, size]) => all + size, 0)), 155],
  ['all assets, kB brotli', kB(carried), 450],
  ['packages at run time', Object.keys(dependencies).length, 18],
];
for (const [what, found, most] of budgets)
  console.log(`${found > most ? 'OVER' : 'ok  '} ${what}: ${found} of ${most}`);
if (budgets.some(([, found, most]) => found > most)) process.exit(1);
