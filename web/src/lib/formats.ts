// Which format the name of a key means, as the server takes it.
/** The formats that can be written by hand. */
export const textFormats = ['yaml', 'json', 'toml', 'properties', 'xml', 'env', 'text'] as const;

type TextFormat = (typeof textFormats)[number];

const TEXTS = ['txt', 'conf', 'config', 'cfg', 'ini', 'md', 'pem', 'crt', 'sh', 'sql', 'csv', 'tmpl', 'list'];
/** The format of each extension: its own name, and others. */
const formats = new Map<string, TextFormat>([
  ...textFormats.map((one) => [one, one] as const),
  ['yml', 'yaml'],
  ...TEXTS.map((one) => [one, 'text'] as const),
]);

/** The format that the extension of a key suggests; nothing when it suggests none. */
export function formatOf(key: string): TextFormat | null {
  const name = (key.split('/').at(-1) ?? '').toLowerCase();
  if (name === '.env' || name.startsWith('.env.')) return 'env';
  const dot = name.lastIndexOf('.');
  return dot > 0 ? (formats.get(name.slice(dot + 1)) ?? null) : null;
}
