// How much of a long list is drawn: a window that grows, so that a thousand rows stay quick.
import type { Texts } from '../../app/search';

const STEP = 100;

/** How many rows the address asks for. */
export function shownOf(texts: Texts): number {
  const asked = Number(texts.shown);
  return Number.isInteger(asked) && asked > STEP ? asked : STEP;
}

/** What the address says after asking for more. */
export function more(shown: number): Texts {
  return { shown: String(shown + STEP) };
}

/** Whether a text has another in it, whatever the case of the letters. */
export function has(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.trim().toLowerCase());
}
