// How each format is coloured, folded and indented.
import { json } from '@codemirror/lang-json';
import { xml } from '@codemirror/lang-xml';
import { yaml } from '@codemirror/lang-yaml';
import { StreamLanguage } from '@codemirror/language';
import { properties } from '@codemirror/legacy-modes/mode/properties';
import { toml } from '@codemirror/legacy-modes/mode/toml';
import type { Extension } from '@codemirror/state';
import type { Format } from '../api/schema';

const pairs = () => StreamLanguage.define(properties);

const languages: Record<Format, () => Extension> = {
  yaml,
  json,
  xml,
  toml: () => StreamLanguage.define(toml),
  properties: pairs,
  env: pairs,
  text: () => [],
  binary: () => [],
};

export function languageOf(format: Format): Extension {
  return languages[format]();
}
