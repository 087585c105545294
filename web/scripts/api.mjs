// Writes src/api/schema.d.ts from openapi.json; with --check it fails when the file is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import openapi, { astToString } from 'openapi-typescript';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here('../src/api/schema.d.ts');
const document = JSON.parse(readFileSync(here('../../openapi.json'), 'utf8'));
const head = '// Generated from openapi.json by `npm run api`. Do not edit.\n\n';
const text = head + astToString(await openapi(document, { rootTypes: true, rootTypesNoSchemaPrefix: true }));

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/api/schema.d.ts is out of date: run "make openapi" and commit it');
    process.exit(1);
  }
} else {
  writeFileSync(target, text);
}
